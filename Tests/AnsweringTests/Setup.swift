import Cluster
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
  case starting, startingPassing, startingInsecure, startingVerified, startingUnsliced
  case stale, staleShort, stalePassing, staleVerified
  case labelsReplica, namespacesReplica
  case loopback, serviceReplica, headlessReplica, noOwnAddress, crowded
  case bufsize
  case files

  static let reverse = "in-addr.arpa ip6.arpa"

  var corefile: String {
    switch self {
    case .standard, .starting, .loopback, .serviceReplica, .headlessReplica, .noOwnAddress,
      .crowded:
      plain()
    case .insecure, .startingInsecure: plain("pods insecure")
    case .verified, .startingVerified: plain("pods verified")
    case .staleVerified: plain("pods verified\nttl 3600")
    case .namespaces: plain("namespaces testns\npods insecure")
    case .namespaceLabels: plain("namespace_labels team=one\npods insecure")
    case .labels, .labelsReplica: plain("labels app=yes")
    case .namespacesReplica: plain("namespaces testns")
    case .noEndpoints: plain("noendpoints")
    case .ignoreEmpty, .startingUnsliced: plain("ignore empty_service")
    case .podNames: plain("endpoint_pod_names")
    case .ttl0, .staleShort: plain("ttl 0")
    case .ttl3600, .stale: plain("ttl 3600")
    case .passing, .stalePassing: plain("fallthrough", "whoami")
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
    case .serviceReplica, .namespacesReplica: ["10.244.0.53"]
    case .labelsReplica: ["10.244.0.55"]
    case .headlessReplica: ["10.244.0.54", "10.244.0.55"]
    case .noOwnAddress: []
    case .crowded: ["10.244.7.7"]
    default: ["192.0.2.10", "2001:db8::10"]
    }
  }

  var state: ClusterIndex.State {
    switch self {
    case .starting, .startingPassing, .startingInsecure, .startingVerified, .startingUnsliced:
      .loading
    case .stale, .staleShort, .stalePassing, .staleVerified: .stale
    default: .live
    }
  }

  /// Whether the object is there: an API server may not have sent it yet, or not been asked for it.
  func holds(_ key: ObjectKey) -> Bool {
    // Seven hundred names of one address take half a second to make.
    if key.id.namespace == "crowd", key.id.name != "local" { return self == .crowded }
    switch self {
    case .startingUnsliced: return key.kind != .slice && key.kind != .endpoints
    case .namespacesReplica: return key.id.namespace == "testns" || key.kind == .namespace
    default: return true
    }
  }

  /// Of the records that have no other.
  var ttl: UInt32 {
    switch self {
    case .ttl0, .staleShort: 0
    case .ttl3600: 3600
    default: 5
    }
  }

  /// What the OPT of a reply states to a client with room for more.
  var statedSize: UInt16 { self == .bufsize ? 700 : 1232 }
}
