import Config
import IO
import Kubernetes

// What a `kubernetes` directive means for the requests to its API server.
extension KubernetesSettings {
  /// Where the API server and the credentials for it are found.
  ///
  /// - Parameter absolute: makes a path of the Corefile one that does not depend on the directory.
  func origin(_ absolute: (String) -> String) -> AccessSource.Origin {
    switch source {
    case .kubeconfig(let file, let context):
      return .kubeconfig(path: absolute(file), context: context)
    case .endpoints(let urls):
      return .endpoints(
        urls,
        tls: tls.map {
          (absolute($0.certificate), absolute($0.key), absolute($0.authority))
        })
    case .inCluster, .manifests:
      return .inCluster(
        environment: ProcessEnvironment.current, directory: AccessSource.defaultDirectory)
    }
  }

  /// Which objects are asked for.
  var scope: WatchScope {
    var scope = WatchScope()
    scope.watchesSlices = !noEndpoints
    scope.watchesPods = pods == .verified
    scope.needsPodNames = endpointPodNames
    scope.labels = labels?.text
    scope.namespaceLabels = namespaceLabels?.text
    scope.namespaces = namespaces.sorted()
    return scope
  }

  var limits: RequestLimits {
    RequestLimits(
      perSecond: apiserverQPS, burst: apiserverBurst, inFlight: apiserverMaxInflight)
  }
}
