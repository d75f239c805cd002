import CLinux
import Glibc

/// An IPv4 or IPv6 address with a port, as the kernel takes it.
public struct SocketAddress: Hashable, Sendable {
  public var isV4: Bool
  /// 16 octets in network order as two numbers; IPv4 in its mapped form.
  public var high: UInt64
  public var low: UInt64
  public var port: UInt16
  /// The interface of a link-local address, else 0.
  public var scope: UInt32 = 0

  public init(isV4: Bool, high: UInt64, low: UInt64, port: UInt16, scope: UInt32 = 0) {
    self.isV4 = isV4
    self.high = high
    self.low = low
    self.port = port
    self.scope = scope
  }

  /// All addresses of a family.
  public static func any(isV4: Bool, port: UInt16) -> SocketAddress {
    isV4
      ? SocketAddress(isV4: true, high: 0, low: 0xFFFF_0000_0000, port: port)
      : SocketAddress(isV4: false, high: 0, low: 0, port: port)
  }

  public var isUnspecified: Bool { high == 0 && (isV4 ? low & 0xFFFF_FFFF == 0 : low == 0) }

  /// Reads what the kernel filled in; nil for other families.
  init?(_ storage: UnsafePointer<sockaddr_storage>) {
    switch Int32(unsafe storage.pointee.ss_family) {
    case AF_INET:
      let v4 = unsafe UnsafeRawPointer(storage).load(as: sockaddr_in.self)
      self.init(
        isV4: true, high: 0, low: 0xFFFF_0000_0000 | UInt64(UInt32(bigEndian: v4.sin_addr.s_addr)),
        port: UInt16(bigEndian: v4.sin_port))
    case AF_INET6:
      let raw = unsafe UnsafeRawPointer(storage)
      self.init(
        isV4: false,
        high: UInt64(bigEndian: unsafe raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
        low: UInt64(bigEndian: unsafe raw.loadUnaligned(fromByteOffset: 16, as: UInt64.self)),
        port: UInt16(bigEndian: unsafe raw.loadUnaligned(fromByteOffset: 2, as: UInt16.self)),
        scope: unsafe raw.loadUnaligned(fromByteOffset: 24, as: UInt32.self))
    default: return nil
    }
  }

  /// Calls `body` with the kernel's form.
  func withSockaddr<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
    if isV4 {
      var v4 = sockaddr_in()
      v4.sin_family = sa_family_t(AF_INET)
      v4.sin_port = port.bigEndian
      v4.sin_addr.s_addr = UInt32(truncatingIfNeeded: low).bigEndian
      return unsafe withUnsafePointer(to: &v4) {
        unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
    }
    var v6 = sockaddr_in6()
    v6.sin6_family = sa_family_t(AF_INET6)
    v6.sin6_port = port.bigEndian
    v6.sin6_scope_id = scope
    unsafe withUnsafeMutableBytes(of: &v6.sin6_addr) {
      unsafe $0.storeBytes(of: high.bigEndian, as: UInt64.self)
      unsafe $0.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
    }
    return unsafe withUnsafePointer(to: &v6) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
      }
    }
  }
}

extension SocketAddress: CustomStringConvertible {
  /// `192.0.2.1:53`, `[2001:db8::1]:53`.
  public var description: String {
    let host = unsafe withSockaddr { address, length in
      var buffer = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      let result = unsafe getnameinfo(
        address, length, &buffer, socklen_t(buffer.count), nil, 0, NI_NUMERICHOST)
      return result == 0
        ? String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        : "?"
    }
    return isV4 ? "\(host):\(port)" : "[\(host)]:\(port)"
  }
}

/// The addresses of this host's interfaces.
public struct InterfaceAddress: Hashable, Sendable {
  public var interface: String
  /// With port 0.
  public var address: SocketAddress

  /// The number of an interface given by name or number (RFC 4007 §11.2); 0 where there is none.
  public static func index(of interface: String) -> UInt32 {
    unsafe UInt32(interface) ?? if_nametoindex(interface)
  }

  /// All of them, in the kernel's order; none where it does not say.
  public static func all() -> [InterfaceAddress] {
    var first: UnsafeMutablePointer<ifaddrs>?
    guard unsafe getifaddrs(&first) == 0 else { return [] }
    defer { unsafe freeifaddrs(first) }
    var found: [InterfaceAddress] = []
    var next = unsafe first
    while let entry = unsafe next {
      if let address = unsafe entry.pointee.ifa_addr {
        // SAFETY: sockaddr_storage is only read as far as the family says that it reaches.
        let read = unsafe address.withMemoryRebound(to: sockaddr_storage.self, capacity: 1) {
          unsafe SocketAddress($0)
        }
        if let read {
          let name = unsafe String(cString: entry.pointee.ifa_name)
          found.append(InterfaceAddress(interface: name, address: read))
        }
      }
      unsafe next = entry.pointee.ifa_next
    }
    return found
  }
}
