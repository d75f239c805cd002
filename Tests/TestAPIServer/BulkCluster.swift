import APIServerKit

/// Many objects of the sizes that real ones have.
///
/// Service `svc-I` in Namespace `ns-(I mod namespaces)`, with one slice `svc-I-x` of `endpoints`
/// Pods; every second Service is headless. Endpoint J of Service I has the address number
/// I × endpoints + J in 10.0.0.0/9; the upper half is left to changes. With `shift` everything has
/// the addresses that the Service so many further on would have.
struct BulkCluster {
  var services: Int
  var endpoints: Int
  var namespaces: Int
  var pods = false
  /// Services by which all addresses have been moved.
  var shift = 0

  func load(into model: APIServerModel, now: Nanoseconds) {
    for index in 0..<namespaces { model.put(.namespace("ns-\(index)"), now: now) }
    put(into: model, now: now)
  }

  /// Creates or replaces everything but the Namespaces.
  func put(into model: APIServerModel, now: Nanoseconds) {
    for index in 0..<services {
      model.put(service(index), now: now)
      if endpoints > 0 { model.put(slice(index), now: now) }
      if pods { putPods(of: index, model, now) }
    }
  }

  /// A headless Service says in its port that it has moved.
  private func service(_ index: Int) -> APIObject {
    let number = index + shift
    let type: APIObject.ServiceType =
      Self.isHeadless(index)
      ? .headless
      : .clusterIP(["172.\(16 + (number >> 16 & 15)).\(number >> 8 & 255).\(number & 255)"])
    let port = APIPort("http", Self.isHeadless(index) ? 80 + shift % 1000 : 80)
    return .service("ns-\(index % namespaces)", "svc-\(index)", type, ports: [port])
  }

  static func isHeadless(_ index: Int) -> Bool { index % 2 == 1 }

  private func address(_ index: Int, _ place: Int) -> String {
    let number = (index + shift) * endpoints + place
    return "10.\(number >> 16 & 127).\(number >> 8 & 255).\(number & 255)"
  }

  /// The slice of a Service; a changed one has `first` as its first endpoint's address.
  func slice(_ index: Int, first: String? = nil, triggered: String? = nil) -> APIObject {
    let namespace = "ns-\(index % namespaces)"
    let list = (0..<endpoints).map { place in
      let address = address(index, place)
      return APIEndpoint(place == 0 ? first ?? address : address, pod: "svc-\(index)-\(place)")
    }
    return .slice(
      namespace, "svc-\(index)-x", of: "svc-\(index)", list, ports: [APIPort("http", 8080)],
      headless: Self.isHeadless(index), triggered: triggered)
  }

  private func putPods(of index: Int, _ model: APIServerModel, _ now: Nanoseconds) {
    for place in 0..<endpoints {
      model.put(
        .pod(
          "ns-\(index % namespaces)", "svc-\(index)-\(place)", address: address(index, place)),
        now: now)
    }
  }
}

/// Changes at a steady rate: the slices of headless Services in turn, each time with a new first
/// address, 10.128.0.0 and on.
struct Churn {
  var cluster: BulkCluster
  /// Nanoseconds between two changes.
  var interval: Nanoseconds
  var next: Nanoseconds
  var end: Nanoseconds
  var count = 0

  /// A loop that was held up makes at most this many changes at once, and skips the rest.
  private static let catchUpLimit = 50

  var isOver: Bool { next >= end }

  mutating func run(_ server: Server, _ now: Nanoseconds) {
    if now - next > Nanoseconds(Self.catchUpLimit) * interval { next = now }
    while next <= now, !isOver {
      change(server, now)
      next += interval
    }
  }

  private mutating func change(_ server: Server, _ now: Nanoseconds) {
    let headless = max(1, cluster.services / 2)
    let index = min(cluster.services - 1, count % headless * 2 + 1)
    let address = "10.\(128 + count >> 16 & 127).\(count >> 8 & 255).\(count & 255)"
    count += 1
    let (seconds, nanoseconds) = Kernel.wallTime
    let digits = String(1_000_000_000 + nanoseconds).dropFirst()
    let triggered = TimeText.text(seconds).dropLast() + ".\(digits)Z"
    let slice = cluster.slice(index, first: address, triggered: String(triggered))
    let revision = server.model.put(slice, now: now)
    server.writeLog?.notes[revision] = address
  }
}
