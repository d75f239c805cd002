import Cluster
import Wire

extension ClusterIndex.Answer {
  /// What the reply says about why there is nothing (RFC 8914), or that it may have changed since;
  /// nil where the RCODE says it all.
  func extendedError(_ state: ClusterIndex.State) -> ExtendedError? {
    var reason: StaticString?
    switch self {
    case .nameError(let found), .noData(let found): reason = found.text
    default: break
    }
    guard state != .stale else {
      return ExtendedError(
        code: isNameError ? ExtendedError.staleNameError : ExtendedError.staleAnswer,
        text: "kubernetes: answered from the last known state", detail: reason)
    }
    return reason.map { ExtendedError(code: ExtendedError.other, text: $0) }
  }

  var isNameError: Bool {
    if case .nameError = self { true } else { false }
  }
}

extension ClusterIndex.Reason {
  fileprivate var text: StaticString? {
    switch self {
    case .none, .emptyNonTerminal: nil
    case .noSuchNamespace: "no such namespace"
    case .noSuchService: "no such service in this namespace"
    case .noReadyEndpoints: "the service has no ready endpoints"
    case .noSuchEndpoint: "the service has no ready endpoint of this name"
    case .noSuchPort: "the service has no port of this name and protocol"
    case .noAddressYet: "the service has no address yet"
    case .podNamesDisabled: "pod names are disabled"
    case .noSuchPod: "no such pod"
    case .notAnAddress: "not an address"
    case .noSuchAddress: "no service or endpoint has this address"
    case .belowAlias: "nothing is below an ExternalName"
    case .targetIsAddress: "the ExternalName is an address, not a name"
    case .tooLong: "too many labels"
    }
  }
}
