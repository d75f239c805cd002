internal import Documents

/// A ResourceVersion: how far a server's changes have been seen.
///
/// It is a text to clients, but one that grows: Kubernetes promises since 1.35 (KEP-5504) that it
/// is a decimal number, and etcd's revisions always were. One that is none is equal or not, and
/// counts as newer than any other.
struct ResourceVersion: Hashable {
  let text: String
  /// Nil where it is not a number.
  let number: UInt64?

  init?(_ text: String?) {
    guard let text, !text.isEmpty, text != "0" else { return nil }
    self.text = text
    number = UInt64(text)
  }

  /// `metadata.resourceVersion` of an object or a list.
  init?(of value: Value) {
    self.init(value["metadata"]?["resourceVersion"]?.string)
  }

  /// Whether it is known to come before the other.
  func precedes(_ other: ResourceVersion) -> Bool {
    guard let number, let other = other.number else { return false }
    return number < other
  }
}

/// Which state of an object is known, in twelve octets.
struct ObjectState: Hashable {
  /// The ResourceVersion; of one that is no number a hash with the sign.
  let version: Int
  /// A hash of when which of its fields were written: after a cluster was restored from a backup
  /// the same ResourceVersion may come twice, for different states.
  let stamp: Int32

  /// Reads it from an object's metadata.
  init(of value: Value) {
    let metadata = value["metadata"]
    if let text = metadata?["resourceVersion"]?.string {
      version = Int(text) ?? text.hashValue | Int.min
    } else {
      version = 0
    }
    var hasher = Hasher()
    if let entries = metadata?["managedFields"]?.elements {
      for entry in entries {
        guard let time = entry["time"] else { continue }
        time.withOctets { octets in
          for offset in 0..<octets.byteCount {
            hasher.combine(unsafe octets.unsafeLoad(fromByteOffset: offset, as: UInt8.self))
          }
        }
      }
    }
    stamp = Int32(truncatingIfNeeded: hasher.finalize())
  }
}
