public import Cluster

/// A change to the objects of a cluster.
public enum ObjectChange: Hashable, Sendable {
  /// The object is new, or takes the place of the one with its key.
  case upsert(ClusterObject)
  case delete(ObjectKey)
}

/// Who hears of objects: a source calls it on the thread of its event loop.
public protocol ObjectSink: AnyObject {
  /// Takes changes in the order in which they happened; answers have them when it returns.
  func apply(_ changes: [ObjectChange])
}

/// A sink that lists can be replaced in, as a watch of an API server needs it.
public protocol ReplicaSink: ObjectSink {
  /// Takes changes that no answer has before the next ``release()``: parts of a list that takes the
  /// place of what is known.
  func hold(_ changes: [ObjectChange])
  /// Everything held of a kind becomes visible at once.
  func release(_ kind: ObjectKey.Kind)
  /// The objects of a kind that are known, held ones included; of all namespaces for nil.
  func keys(of kind: ObjectKey.Kind, in namespace: String?) -> [ObjectKey]
  /// All Namespaces are known: from now on one without an object does not exist.
  func completeNamespaces()
  /// A slice that was applied says when the change that led to it happened, in Unix seconds.
  func noteTrigger(_ time: Double, of slice: EndpointSlice)
}

/// How much a message matters to the operator.
public enum Severity: Hashable, Sendable {
  /// Something came back, or began.
  case info
  /// Served as well as can be; worth a look.
  case warning
  /// Something that was given is not served.
  case error
}
