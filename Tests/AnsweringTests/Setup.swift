import Config
import Wire

/// The configurations that rows are asked under, all over the same objects.
enum Setup: String, CaseIterable {
  case standard
  case insecure, verified
  case namespaces, namespaceLabels, labels
  case noEndpoints, ignoreEmpty, podNames
  case ttl0, ttl3600
  case passing, passingReverse, passingAll
  case rotating
  case starting, startingPassing
  case loopback, serviceReplica, headlessReplica, noOwnAddress, crowded
  case bufsize
  case files

  static let reverse = "in-addr.arpa ip6.arpa"

  var corefile: String {
    switch self {
    case .standard, .starting, .loopback, .serviceReplica, .headlessReplica, .noOwnAddress,
      .crowded:
      plain()
    case .insecure: plain("pods insecure")
    case .verified: plain("pods verified")
    case .namespaces: plain("namespaces testns\npods insecure")
    case .namespaceLabels: plain("namespace_labels team=one\npods insecure")
    case .labels: plain("labels app=yes")
    case .noEndpoints: plain("noendpoints")
    case .ignoreEmpty: plain("ignore empty_service")
    case .podNames: plain("endpoint_pod_names")
    case .ttl0: plain("ttl 0")
    case .ttl3600: plain("ttl 3600")
    case .passing: plain("fallthrough", "whoami")
    case .passingReverse, .startingPassing: plain("fallthrough in-addr.arpa ip6.arpa", "whoami")
    case .passingAll: plain("fallthrough testns.svc.cluster.local")
    case .rotating: plain("", "loadbalance")
    case .bufsize: plain("", "bufsize 700")
    case .files:
      """
      cluster.local 10.0.0.0/8 172.0.0.2/32 {
        kubernetes cluster.local 10.0.0.0/8 172.0.0.2/32
      }
      aliases.test { \n file aliases.test.zone \n }
      child.aliases.test { \n whoami \n }
      example.org 2.0.192.in-addr.arpa { 
        file example.org.zone example.org
        file 2.0.192.in-addr.arpa.zone 2.0.192.in-addr.arpa
      }
      missing.test { \n file nowhere.zone \n }
      passing.test {
        file passing.zone passing.test { \n fallthrough \n }
        whoami
      }
      bare.test { \n debug \n }
      silent.test { \n errors \n }
      """
    }
  }

  private func plain(_ properties: String = "", _ directives: String = "") -> String {
    """
    cluster.local \(Self.reverse) {
      kubernetes cluster.local \(Self.reverse) {
        \(properties)
      }
      \(directives)
    }
    """
  }

  /// Addresses that the server is bound to.
  var ownAddresses: [String] {
    switch self {
    case .loopback: ["127.0.0.1", "::1"]
    case .serviceReplica: ["10.244.0.53"]
    case .headlessReplica: ["10.244.0.54", "10.244.0.55"]
    case .noOwnAddress: []
    case .crowded: ["10.244.7.7"]
    default: ["192.0.2.10", "2001:db8::10"]
    }
  }

  var isSynchronized: Bool { self != .starting && self != .startingPassing }

  var ttl: UInt32 {
    switch self {
    case .ttl0: 0
    case .ttl3600: 3600
    default: 5
    }
  }

  /// What the OPT of a reply states to a client with room for more.
  var statedSize: UInt16 { self == .bufsize ? 700 : 1232 }
}
