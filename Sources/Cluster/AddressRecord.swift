public import Wire

/// A published address with the names that its PTR records give: services and endpoints.
public struct AddressRecord {
  let record: Record

  /// Where the names end is limited by what one message can hold; more are left out.
  static let maximumNames = 1024

  /// One name of an address.
  struct Entry: Hashable {
    enum Owner: UInt8 { case service = 0, endpoint = 1 }

    var owner: Owner
    var isHidden: Bool
    /// `[endpoint.]service.namespace`, labels with their lengths, without the root.
    var name: [UInt8]

    /// Services first, then by name: the order in which they are answered.
    static func precedes(_ left: Entry, _ right: Entry) -> Bool {
      left.owner == right.owner
        ? left.name.lexicographicallyPrecedes(right.name)
        : left.owner.rawValue < right.owner.rawValue
    }
  }

  fileprivate static let hiddenBit: UInt8 = 2

  static func make(key: [UInt8], _ entries: [Entry]) -> Record {
    var builder = RecordBuilder(key: key, capacity: 96)
    for entry in entries {
      builder.put(entry.head)
      builder.put(entry.name)
    }
    return builder.record(flags: 0)
  }

  /// All names, for the writer.
  var entries: [Entry] {
    var entries: [Entry] = []
    var at = record.bodyAt
    let octets = record.octets
    while at < octets.count { entries.append(Entry(octets, &at)) }
    return entries
  }

  /// Names that PTR answers, one at a time: the service with this ClusterIP alone where there is
  /// one, else each endpoint's name.
  public struct Names {
    private let octets: Octets
    private var at: Int
    /// Whether the name given last is a service's, which has no other beside it.
    fileprivate var isDone = false

    init(_ record: AddressRecord) {
      octets = record.record.octets
      at = record.record.bodyAt
    }

    /// The next `[endpoint.]service.namespace`, labels with their lengths, without the root.
    public mutating func next() -> Octets? {
      while !isDone, at < octets.count {
        let flags = octets[at]
        let name = octets[(at + 2)..<(at + 2 + Int(octets[at + 1]))]
        at += 2 + name.count
        guard flags & AddressRecord.hiddenBit == 0 else { continue }
        isDone = flags & 1 == 0
        return name
      }
      return nil
    }
  }

  public var names: Names { Names(self) }

  /// Whether it is the ClusterIP of a service that is not hidden.
  var isOfService: Bool {
    var names = names
    return names.next() != nil && names.isDone
  }

  /// Names of endpoints, hidden ones too: what the apex NS is made of.
  var endpointNames: [[UInt8]] {
    entries.filter { $0.owner == .endpoint }.map(\.name)
  }
}

extension AddressRecord.Entry {
  /// Two octets before the name: whose it is and whether it is hidden, and its length.
  var head: [UInt8] {
    [owner.rawValue | (isHidden ? AddressRecord.hiddenBit : 0), UInt8(name.count)]
  }

  /// Reads head and name at `at`, which then is behind them.
  init(_ octets: Octets, _ at: inout Int) {
    let start = at + 2
    let end = start + Int(octets[at + 1])
    self.init(
      owner: octets[at] & 1 == 0 ? .service : .endpoint,
      isHidden: octets[at] & AddressRecord.hiddenBit != 0, name: octets[start..<end].array)
    at = end
  }
}

/// The namespaces that have a Pod with an address.
struct PodAddressRecord {
  let record: Record

  static func make(key: [UInt8], namespaces: Set<String>) -> Record {
    var builder = RecordBuilder(key: key)
    for namespace in namespaces.sorted() { builder.put(ServiceRecord.label(namespace)) }
    return builder.record(flags: 0)
  }

  /// Whether `namespace` (a label with its length) is among them.
  func contains(_ namespace: Octets) -> Bool {
    let octets = record.octets
    var at = record.bodyAt
    while at < octets.count {
      let end = at + 1 + Int(octets[at])
      if octets[at..<end].equals(namespace) { return true }
      at = end
    }
    return false
  }
}

/// What an address, or the first bits of one, is kept under: its 16 octets, and the count of bits
/// where they are not all, IPv4's counted from 128 on.
struct AddressKey {
  private var octets = [17 of UInt8](repeating: 0)
  private let count: Int

  init(_ address: IPAddress) {
    count = 16
    for index in 0..<8 {
      octets[index] = UInt8(truncatingIfNeeded: address.high >> (56 - 8 * UInt64(index)))
      octets[index + 8] = UInt8(truncatingIfNeeded: address.low >> (56 - 8 * UInt64(index)))
    }
  }

  init(_ prefix: IPAddress, bits: Int) {
    self.init(octets: AddressKey(prefix).octets, count: 17)
    octets[16] = UInt8(prefix.isV4 ? 128 + bits : bits)
  }

  private init(octets: [17 of UInt8], count: Int) {
    self.octets = octets
    self.count = count
  }

  /// Calls `body` with the key, which is gone afterwards.
  func withOctets<R>(_ body: (Octets) -> R) -> R {
    unsafe octets.span.withUnsafeBytes { buffer in
      unsafe body(Octets(base: buffer.baseAddress.unsafelyUnwrapped, count: count))
    }
  }

  var array: [UInt8] { withOctets(\.array) }
}
