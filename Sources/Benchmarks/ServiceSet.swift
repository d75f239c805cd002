/// A cluster made by counting: the same numbers give the same names and addresses everywhere.
struct ServiceSet {
  var serviceCount: Int
  /// Spread evenly over the services, each service with one slice.
  var endpointCount: Int
  /// How many of a hundred services have no cluster address.
  var headlessPercent: Int

  static let domain = "cluster.local."
  static let servicesInNamespace = 100
  /// What kubeadm's Corefile says.
  static let ttl = 30

  var services: LazyMapSequence<Range<Int>, ServiceSample> {
    (0..<serviceCount).lazy.map { ServiceSample(number: $0, set: self) }
  }

  var namespaces: LazyMapSequence<Range<Int>, String> {
    let count = (serviceCount + Self.servicesInNamespace - 1) / Self.servicesInNamespace
    return (0..<count).lazy.map { "team-\($0)" }
  }
}

/// The service of one number.
struct ServiceSample {
  var number: Int
  var set: ServiceSet

  var name: String { "backend-\(number)" }
  var namespace: String { "team-\(number / ServiceSet.servicesInNamespace)" }
  var owner: String { "\(name).\(namespace).svc.\(ServiceSet.domain)" }
  var isHeadless: Bool { number % 100 < set.headlessPercent }

  /// In 10.96.0.0/12, kubeadm's service range, beside the first 256 that clusters use themselves.
  var address: String { Self.dotted(10 << 24 | 96 << 16 | (number + 256)) }

  var endpoints: LazyMapSequence<Range<Int>, EndpointSample> {
    let each = set.endpointCount / set.serviceCount
    let rest = set.endpointCount % set.serviceCount
    let first = number * each + min(number, rest)
    return (first..<(first + each + (number < rest ? 1 : 0))).lazy.map {
      EndpointSample(number: $0)
    }
  }

  static func dotted(_ address: Int) -> String {
    "\(address >> 24 & 255).\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255)"
  }
}

/// An endpoint, a pod in 10.128.0.0/9.
struct EndpointSample {
  var number: Int

  var address: String { ServiceSample.dotted(10 << 24 | 128 << 16 | (number + 1)) }
}
