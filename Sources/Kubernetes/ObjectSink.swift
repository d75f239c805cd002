public import Cluster

/// A change to the objects of a cluster.
public enum ObjectChange: Hashable, Sendable {
  /// The object is new, or takes the place of the one with its key.
  case upsert(ClusterObject)
  case delete(ObjectKey)
}

/// Who hears of objects: a source calls it on the thread of its event loop.
public protocol ObjectSink: AnyObject {
  /// Takes changes in the order in which they happened.
  func apply(_ changes: [ObjectChange])
}

/// How much a message matters to the operator.
public enum Severity: Hashable, Sendable {
  /// Served as well as can be; worth a look.
  case warning
  /// Something that was given is not served.
  case error
}
