import Glibc
import IO

/// A listener with its sockets, open and bound, one of each kind for each worker.
struct OpenListener {
  let listener: Listener
  let sockets: [WorkerSockets]

  /// Tries all addresses, before any is opened: 0.0.0.0 and 127.0.0.1 may both be asked for.
  ///
  /// - Parameter own: addresses that this server has open. Where one of them covers an address or is
  ///   covered by it, another process would show only when it is opened.
  static func refuseShared(
    _ listeners: [Listener], own: Set<SocketAddress> = []
  ) throws(StartError) {
    for listener in listeners where !own.contains(where: { $0.overlaps(listener.address) }) {
      do { try refuseShared(listener.address) } catch {
        guard isWithoutIPv6(listener, error) else { throw StartError(describe(error, listener)) }
      }
    }
  }

  /// Opens the sockets of all listeners, one of each kind for each worker.
  static func open(_ listeners: [Listener], workers: Int) throws(StartError) -> [OpenListener] {
    var opened: [OpenListener] = []
    for listener in listeners {
      do {
        opened.append(
          OpenListener(listener: listener, sockets: try open(listener.address, workers)))
      } catch {
        guard isWithoutIPv6(listener, error) else {
          for sockets in opened.flatMap(\.sockets) { sockets.close() }
          throw StartError(describe(error, listener))
        }
      }
    }
    return opened
  }

  /// A host without IPv6 has no [::].
  private static func isWithoutIPv6(_ listener: Listener, _ error: IOError) -> Bool {
    listener.address.isUnspecified && !listener.address.isV4
      && (error.errno == EAFNOSUPPORT || error.errno == EADDRNOTAVAIL)
  }

  /// Throws where another process has the address, which SO_REUSEPORT would share in silence.
  private static func refuseShared(_ address: SocketAddress) throws(IOError) {
    _ = try Socket.bound(to: address, .datagram, shares: false)
    _ = try Socket.bound(to: address, .stream, shares: false)
  }

  private static func open(
    _ address: SocketAddress, _ workers: Int
  ) throws(IOError) -> [WorkerSockets] {
    var sockets: [WorkerSockets] = []
    do {
      for _ in 0..<workers {
        let datagrams = try Socket.bound(to: address, .datagram, shares: true)
        let streams = try Socket.bound(to: address, .stream, shares: true)
        sockets.append(
          WorkerSockets(datagrams: datagrams.release(), streams: streams.release()))
      }
      return sockets
    } catch {
      for sockets in sockets { sockets.close() }
      throw error
    }
  }

  private static func describe(_ error: IOError, _ listener: Listener) -> String {
    var text = "error: \(error)"
    if error.isAddressInUse {
      let port = listener.address.port
      text +=
        "; another process has the port: `ss -lnptu 'sport = :\(port)'` names it; "
        + "another port in the Corefile avoids it, or `-dns.port N` where the Corefile names none"
    } else if error.errno == EACCES {
      text += "; ports below 1024 need CAP_NET_BIND_SERVICE"
    }
    return text
  }
}

extension SocketAddress {
  /// Whether something sent to one address could come to the other: a port, on all addresses or on
  /// the same one.
  func overlaps(_ other: SocketAddress) -> Bool {
    self == other
      || port == other.port && isV4 == other.isV4 && (isUnspecified || other.isUnspecified)
  }
}
