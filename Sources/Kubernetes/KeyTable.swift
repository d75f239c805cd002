internal import Cluster

/// The objects a file has, without the objects: of each its key, and a hash of its contents to
/// tell a change. Some 40 octets each, where dictionaries of keys took 150.
struct KeyTable {
  /// A key as the number it is found by. 64 bits of a seeded hash: among a million objects two
  /// meet with a probability of 3 in 100 million.
  typealias Hash = Int

  private(set) var hashes: [Hash] = []
  private var contents: [Int] = []
  private var names: [UInt8] = []
  private var starts: [UInt32] = []

  /// Contents that no object has been seen with.
  static let unknownContent = 0

  var count: Int { hashes.count }

  static func hash(of key: ObjectKey) -> Hash { key.hashValue }

  mutating func append(_ key: ObjectKey, content: Int) {
    hashes.append(Self.hash(of: key))
    contents.append(content)
    starts.append(UInt32(names.count))
    names.append(Self.code(key.kind))
    // Checked names: at most 63 and 253 octets.
    names.append(UInt8(key.id.namespace.utf8.count))
    names += key.id.namespace.utf8
    names += key.id.name.utf8
  }

  func content(at index: Int) -> Int { contents[index] }

  mutating func setContent(_ content: Int, at index: Int) {
    contents[index] = content
  }

  func key(at index: Int) -> ObjectKey {
    let start = Int(starts[index])
    let end = index + 1 < starts.count ? Int(starts[index + 1]) : names.count
    let split = start + 2 + Int(names[start + 1])
    return ObjectKey(
      kind: Self.kinds[Int(names[start])],
      id: ObjectName(
        namespace: String(decoding: names[(start + 2)..<split], as: UTF8.self),
        name: String(decoding: names[split..<end], as: UTF8.self)))
  }

  /// Where each key stands.
  func indexes() -> [Hash: Int] {
    Dictionary(zip(hashes, hashes.indices), uniquingKeysWith: { _, later in later })
  }

  /// Gives back the room that growing has left over.
  mutating func trim() {
    hashes = Array(hashes.lazy.map { $0 })
    contents = Array(contents.lazy.map { $0 })
    names = Array(names.lazy.map { $0 })
    starts = Array(starts.lazy.map { $0 })
  }

  private static let kinds: [ObjectKey.Kind] = [.service, .slice, .endpoints, .namespace, .pod]

  private static func code(_ kind: ObjectKey.Kind) -> UInt8 {
    switch kind {
    case .service: 0
    case .slice: 1
    case .endpoints: 2
    case .namespace: 3
    case .pod: 4
    }
  }
}
