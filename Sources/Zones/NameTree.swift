internal import Wire

/// The names of a zone: nodes in a flat array, found label by label from the apex by hashing
/// (parent node, folded label). A query costs one probe for each label that exists, so the walk
/// meets zone cuts on its way and ends at the closest encloser (RFC 4592 §3.3.1).
struct NameTree: Sendable {
  struct Node: Sendable {
    /// The spelling that came first.
    let owner: DomainName
    let parent: Int32
    /// Head of the chain of RRsets, -1 at an empty non-terminal.
    var firstSet: Int32 = -1
    /// NS below the apex: here the child zone begins.
    var isZoneCut = false
    var hasDNAME = false
  }

  /// An edge of the tree. The hash beside the node saves most looks at other nodes' names.
  private struct Slot {
    var hash: UInt32 = 0
    /// -1 is free.
    var node: Int32 = -1
  }

  static let apex = 0

  var nodes: [Node]
  /// Open addressing, at most half full.
  private var slots: [Slot]
  private let apexLabels: Int

  init(apex: DomainName) {
    nodes = [Node(owner: apex, parent: -1)]
    slots = Array(repeating: Slot(), count: 16)
    apexLabels = apex.labelCount
  }

  /// The node below `parent` whose first label is the one at `start` of `name`.
  func child(of parent: Int, label start: Int, of name: [UInt8]) -> Int? {
    let mask = slots.count - 1
    let hash = Self.hash(parent, label: start, of: name)
    var slot = Int(hash) & mask
    while slots[slot].node >= 0 {
      let candidate = Int(slots[slot].node)
      if slots[slot].hash == hash, nodes[candidate].parent == parent,
        Self.isSameLabel(nodes[candidate].owner.octets, 0, name, start)
      {
        return candidate
      }
      slot = (slot + 1) & mask
    }
    return nil
  }

  /// The wildcard below a node (RFC 4592 §2.1.1).
  func wildcard(below node: Int) -> Int? {
    child(of: node, label: 0, of: Self.asterisk)
  }

  private static let asterisk: [UInt8] = [1, UInt8(ascii: "*")]
}

// MARK: - Walking

extension NameTree {
  /// The starts of a name's labels below the apex, nearest to the apex first.
  struct LabelStarts {
    private var starts = InlineArray<128, UInt8>(repeating: 0)
    private(set) var count = 0

    init(_ name: DomainName, apexLabels: Int) {
      let octets = name.octets
      var at = 0
      var all = 0
      // 255 octets hold at most 127 labels.
      while octets[at] != 0 {
        starts[all] = UInt8(at)
        at += Int(octets[at]) + 1
        all += 1
      }
      count = max(0, all - apexLabels)
    }

    subscript(depth: Int) -> Int { Int(starts[count - 1 - depth]) }
  }

  /// `name` must be at or below the apex.
  func labelStarts(of name: DomainName) -> LabelStarts {
    LabelStarts(name, apexLabels: apexLabels)
  }

  /// The node of exactly this name, zone cuts and wildcards aside.
  func node(of name: DomainName) -> Int? {
    let starts = labelStarts(of: name)
    var node = Self.apex
    for depth in 0..<starts.count {
      guard let child = child(of: node, label: starts[depth], of: name.octets) else { return nil }
      node = child
    }
    return node
  }
}

// MARK: - Building

extension NameTree {
  /// The node of this name, made with its ancestors where it is new.
  mutating func insert(_ name: DomainName) -> Int {
    let starts = labelStarts(of: name)
    var node = Self.apex
    for depth in 0..<starts.count {
      let start = starts[depth]
      node =
        child(of: node, label: start, of: name.octets)
        ?? append(start == 0 ? name : name.suffix(from: start), below: node)
    }
    return node
  }

  private mutating func append(_ owner: DomainName, below parent: Int) -> Int {
    let node = Int32(nodes.count)
    nodes.append(Node(owner: owner, parent: Int32(parent)))
    if nodes.count * 2 > slots.count { grow() }
    place(Slot(hash: Self.hash(parent, label: 0, of: owner.octets), node: node))
    return Int(node)
  }

  private mutating func grow() {
    let old = slots
    slots = Array(repeating: Slot(), count: old.count * 2)
    for slot in old where slot.node >= 0 { place(slot) }
  }

  private mutating func place(_ new: Slot) {
    let mask = slots.count - 1
    var slot = Int(new.hash) & mask
    while slots[slot].node >= 0 { slot = (slot + 1) & mask }
    slots[slot] = new
  }

  /// FNV-1a with a last mix. Unseeded: the names that fill the table are the operator's, and
  /// questions never enter it.
  private static func hash(_ parent: Int, label start: Int, of name: [UInt8]) -> UInt32 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(truncatingIfNeeded: parent)
    hash &*= 0x100_0000_01B3
    for at in (start + 1)..<(start + 1 + Int(name[start])) {
      hash = (hash ^ UInt64(ASCII.folded(name[at]))) &* 0x100_0000_01B3
    }
    return UInt32(truncatingIfNeeded: (hash ^ hash >> 29) &* 0x9E37_79B9_7F4A_7C15 >> 32)
  }

  private static func isSameLabel(_ a: [UInt8], _ i: Int, _ b: [UInt8], _ j: Int) -> Bool {
    guard a[i] == b[j] else { return false }
    for offset in 1..<(1 + Int(a[i]))
    where ASCII.folded(a[i + offset]) != ASCII.folded(b[j + offset]) {
      return false
    }
    return true
  }
}

extension DomainName {
  /// The name from the label that starts at `start`.
  func suffix(from start: Int) -> DomainName {
    DomainName(wire: octets[start...]) ?? .root
  }
}
