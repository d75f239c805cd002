import Cluster
import ClusterModel
import Kubernetes
import Wire

/// A sink that serves: names made of objects as `ClusterSource` has them made. What it is told, a
/// ``Replica`` hears too.
final class ServedCluster: ReplicaSink {
  let index: ClusterIndex
  let replica: Replica
  private let store: ClusterStore
  private var serial: UInt32 = 0

  init(_ replica: Replica) {
    self.replica = replica
    index = ClusterIndex(
      epochs: Epochs(readers: 1), hash: NameHash(seed: 3), ttl: Self.options.naming.ttl,
      pods: .verified)
    store = ClusterStore(index: index, options: Self.options) { _ in }
  }

  /// Those for an API server that is asked without selectors.
  static var options: StoreOptions {
    var options = StoreOptions()
    options.namespacesAreListed = true
    return options
  }

  func apply(_ changes: [ObjectChange]) {
    take(changes, isHeldBack: false)
    publish()
    replica.apply(changes)
  }

  func hold(_ changes: [ObjectChange]) {
    take(changes, isHeldBack: true)
    replica.hold(changes)
  }

  func release(_ kind: ObjectKey.Kind) {
    store.releaseHeldBack(of: kind)
    publish()
    replica.release(kind)
  }

  func keys(of kind: ObjectKey.Kind, in namespace: String?) -> [ObjectKey] {
    store.keys(of: kind, in: namespace)
  }

  func completeNamespaces() {
    store.namespacesComplete()
    publish()
    replica.completeNamespaces()
  }

  func noteTrigger(_ time: Double, of slice: EndpointSlice) {
    replica.noteTrigger(time, of: slice)
  }

  private func take(_ changes: [ObjectChange], isHeldBack: Bool) {
    for change in changes {
      switch change {
      case .upsert(let object): store.upsert(object, isHeldBack: isHeldBack)
      case .delete(let key): store.delete(key, isHeldBack: isHeldBack)
      }
    }
  }

  private func publish() {
    serial += 1
    store.publish(candidate: serial)
  }

  // MARK: - What names should be

  /// Questions whose answer is not what these objects, followed whole, should give.
  func differences(from objects: [ObjectKey: ClusterObject], _ questions: [String]) -> [String] {
    var model = Model(options: Self.options)
    model.objects = objects
    model.areNamespacesComplete = true
    return questions.compactMap { question in
      let (served, expected) = (index.look(question), model.look(question))
      return served == expected ? nil : "\(question): \(served) and not \(expected)"
    }
  }
}
