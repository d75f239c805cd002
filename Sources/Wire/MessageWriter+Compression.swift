/// Where the names of a message stand that later names may point to: at most 64, so that a message
/// of many names costs a bounded search (CVE-2024-8508 is what an unbounded one costs).
@usableFromInline
struct CompressionTable {
  static let maximumPlaces = 64

  private var places = [64 of UInt16](repeating: 0)
  @usableFromInline private(set) var count = 0

  @usableFromInline init() {}

  @usableFromInline
  mutating func clear() { count = 0 }

  mutating func add(_ place: Int) {
    guard count < Self.maximumPlaces, place < 0x4000 else { return }
    places[count] = UInt16(place)
    count += 1
  }

  mutating func removeLast() { count -= 1 }

  subscript(_ index: Int) -> Int { Int(places[index]) }
}

extension MessageWriter {
  /// Adds `name` with the longest suffix that stands in the message already as a pointer; false,
  /// with nothing added, where it does not fit.
  public mutating func putName(_ name: DomainName) -> Bool {
    let start = count
    if names.count == 0 { names.add(Query.headerOctets) }
    var at = 0
    while name.octets[at] != 0 {
      if let place = place(of: name.octets[at...]) {
        guard hasRoom(2) else { return revert(to: start) }
        putPointer(place)
        keepPlaces(from: start)
        return true
      }
      let end = at + 1 + Int(name.octets[at])
      guard hasRoom(end - at) else { return revert(to: start) }
      for octet in name.octets[at..<end] { put8(octet) }
      at = end
    }
    guard hasRoom(1) else { return revert(to: start) }
    put8(0)
    keepPlaces(from: start)
    return true
  }

  /// Notes where the labels of the name at `start` stand. Not before it is whole: in `a.a.test.` the
  /// second suffix begins like the first, whose end would not be there yet.
  private mutating func keepPlaces(from start: Int) {
    var at = start
    while octets[at] != 0, octets[at] < 0xC0 {
      names.add(at)
      at += Int(octets[at]) + 1
    }
  }

  /// Adds a record with a compressed owner name, and compressed names in the RDATA of the types of
  /// RFC 1035 (RFC 3597 §4); false, with nothing added, where it does not fit.
  public mutating func putRecord(
    owner: DomainName, type: RecordType, ttl: UInt32, rdata: [UInt8], in section: Section,
    compressesData: Bool = true
  ) -> Bool {
    let start = count
    guard putName(owner), hasRoom(10) else { return revert(to: start) }
    putFields(type, ttl: ttl, dataCount: 0)
    let data = count
    guard compressesData ? putData(type, rdata) : putRest(rdata[...]) else {
      return revert(to: start)
    }
    set16(data - 2, UInt16(count - data))
    count(section, 1)
    return true
  }

  /// The uncompressed name at `place`; nil where none stands there.
  public func name(at place: Int) -> DomainName? {
    let written = octets
    var end = place
    while end < written.count, written[end] != 0 { end += Int(written[end]) + 1 }
    guard end < written.count else { return nil }
    return DomainName(wire: written[place..<(end + 1)].array)
  }

  private mutating func putData(_ type: RecordType, _ rdata: [UInt8]) -> Bool {
    var rest = rdata[...]
    for field in type.rdataLayout.fields {
      switch field {
      case .name(compressible: true):
        guard let name = Self.firstName(rest) else { return putRest(rest) }
        guard putName(name) else { return false }
        rest = rest.dropFirst(name.octets.count)
      case .octets(let count):
        guard putRest(rest.prefix(count)) else { return false }
        rest = rest.dropFirst(count)
      default:
        return putRest(rest)
      }
    }
    return putRest(rest)
  }

  private mutating func putRest(_ octets: ArraySlice<UInt8>) -> Bool {
    guard hasRoom(octets.count) else { return false }
    put(Array(octets))
    return true
  }

  /// The uncompressed name that `octets` begin with.
  private static func firstName(_ octets: ArraySlice<UInt8>) -> DomainName? {
    var at = octets.startIndex
    while at < octets.endIndex, octets[at] != 0 { at += Int(octets[at]) + 1 }
    guard at < octets.endIndex else { return nil }
    return DomainName(wire: octets[...at])
  }

  private mutating func revert(to start: Int) -> Bool {
    removeAll(from: start)
    return false
  }

  /// Takes back what was written from `place` on; the sections' counts are the caller's.
  public mutating func removeAll(from place: Int) {
    while names.count > 0, names[names.count - 1] >= place { names.removeLast() }
    count = place
  }

  /// Where `suffix` (wire octets ending in the root) stands in the message, spelling aside.
  private func place(of suffix: ArraySlice<UInt8>) -> Int? {
    for index in 0..<names.count where stands(suffix, at: names[index]) { return names[index] }
    // The question's own name may be pointed to at each of its labels.
    var at = Query.headerOctets
    while octets[at] != 0 {
      if stands(suffix, at: at) { return at }
      at += Int(octets[at]) + 1
    }
    return nil
  }

  private func stands(_ suffix: ArraySlice<UInt8>, at place: Int) -> Bool {
    let written = octets
    var at = place
    var expected = suffix.startIndex
    while true {
      var jumps = 0
      while written[at] >= 0xC0 {
        at = Int(written.u16(at) & 0x3FFF)
        jumps += 1
        guard jumps < 16 else { return false }
      }
      let length = written[at]
      guard length == suffix[expected] else { return false }
      if length == 0 { return true }
      for offset in 1...Int(length) {
        guard ASCII.folded(written[at + offset]) == ASCII.folded(suffix[expected + offset]) else {
          return false
        }
      }
      at += Int(length) + 1
      expected += Int(length) + 1
    }
  }
}
