import Wire
import ZoneFiles

/// A reply, read by rules of its own that know nothing of the writer's: every name and record must
/// be whole, pointers lead backwards to names, nothing is left over, no RRset has a record twice.
struct ReplyMessage {
  var id: UInt16
  var flags: UInt16
  var question: (name: DomainName, type: RecordType, recordClass: UInt16)?
  var answer: [ResourceRecord] = []
  var authority: [ResourceRecord] = []
  var additional: [ResourceRecord] = []
  var opt: OPT?

  struct OPT {
    var size: UInt16
    var extendedCode: UInt8
    var version: UInt8
    var flags: UInt16
    var options: [(code: UInt16, octets: [UInt8])]
  }

  struct Malformed: Error {
    let reason: String
  }

  /// The RCODE with the OPT record's part.
  var code: ResponseCode {
    ResponseCode(rawValue: UInt16(opt?.extendedCode ?? 0) << 4 | flags & 15)
  }

  /// `qr aa tc rd ra ad cd`, those that are set, as dig prints them.
  var flagNames: String {
    let names: [(UInt16, String)] = [
      (0x8000, "qr"), (0x0400, "aa"), (0x0200, "tc"), (0x0100, "rd"), (0x0080, "ra"),
      (0x0040, "z"), (0x0020, "ad"), (0x0010, "cd"),
    ]
    return names.filter { flags & $0.0 != 0 }.map(\.1).joined(separator: " ")
  }

  /// Code and text of the Extended DNS Errors (RFC 8914).
  var extendedErrors: [(code: UInt16, text: String)] {
    (opt?.options ?? []).filter { $0.code == 15 }.map { option in
      (
        UInt16(option.octets[0]) << 8 | UInt16(option.octets[1]),
        String(decoding: option.octets.dropFirst(2), as: UTF8.self)
      )
    }
  }

  init(_ octets: [UInt8]) throws(Malformed) {
    var reader = MessageReader(octets)
    id = try reader.u16()
    flags = try reader.u16()
    let counts = [
      try reader.u16(), try reader.u16(), try reader.u16(), try reader.u16(),
    ]
    guard counts[0] <= 1 else { throw Malformed(reason: "\(counts[0]) questions") }
    if counts[0] == 1 {
      question = (
        try reader.name(compressed: false), RecordType(rawValue: try reader.u16()),
        try reader.u16()
      )
      reader.recordClass = question?.recordClass ?? Query.classIN
    }
    for _ in 0..<counts[1] { answer.append(try reader.record()) }
    for _ in 0..<counts[2] { authority.append(try reader.record()) }
    for _ in 0..<counts[3] {
      if try reader.isOPT {
        guard opt == nil else { throw Malformed(reason: "a second OPT") }
        opt = try reader.opt()
      } else {
        additional.append(try reader.record())
      }
    }
    guard reader.isAtEnd else { throw Malformed(reason: "octets behind the last record") }
    try checkRecords()
  }

  private func checkRecords() throws(Malformed) {
    var seen: Set<ResourceRecord> = []
    for record in answer + authority + additional {
      var folded = record
      folded.owner = record.owner.folded
      folded.rdata = record.type.rdataLayout.canonical(record.rdata)
      guard seen.insert(folded).inserted else {
        throw Malformed(reason: "twice: \(RecordText.format(record))")
      }
      guard record.type != .opt, record.ttl < 1 << 31 else {
        throw Malformed(reason: "TTL or type of \(RecordText.format(record))")
      }
    }
  }
}

/// Reads fields one after the other.
private struct MessageReader {
  private let octets: [UInt8]
  private var at = 0
  /// What all records are of.
  var recordClass = Query.classIN

  init(_ octets: [UInt8]) { self.octets = octets }

  typealias Malformed = ReplyMessage.Malformed

  var isAtEnd: Bool { at == octets.count }

  /// Whether the next record is an OPT at the root.
  var isOPT: Bool {
    get throws(Malformed) {
      var copy = self
      let owner = try copy.name(compressed: true)
      let type = try copy.u16()
      guard type == RecordType.opt.rawValue else { return false }
      guard owner.isRoot else { throw Malformed(reason: "OPT not at the root") }
      return true
    }
  }

  mutating func u16() throws(Malformed) -> UInt16 {
    let bytes = try take(2)
    return UInt16(bytes[0]) << 8 | UInt16(bytes[1])
  }

  private mutating func take(_ count: Int) throws(Malformed) -> [UInt8] {
    guard at + count <= octets.count else { throw Malformed(reason: "cut off at \(octets.count)") }
    defer { at += count }
    return Array(octets[at..<(at + count)])
  }

  /// A name; each pointer must lead to before the labels it stands behind (RFC 1035 §4.1.4).
  mutating func name(compressed: Bool) throws(Malformed) -> DomainName {
    var wire: [UInt8] = []
    var place = at
    var earliest = at
    var end: Int?
    while true {
      guard place < octets.count else { throw Malformed(reason: "name cut off") }
      let length = octets[place]
      if length >= 0xC0 {
        guard compressed else { throw Malformed(reason: "pointer at \(place)") }
        guard place + 1 < octets.count else { throw Malformed(reason: "pointer cut off") }
        let target = Int(length & 0x3F) << 8 | Int(octets[place + 1])
        guard target < earliest, target >= 12 else {
          throw Malformed(reason: "pointer at \(place) to \(target)")
        }
        end = end ?? place + 2
        earliest = target
        place = target
        continue
      }
      guard length < 64, place + Int(length) < octets.count else {
        throw Malformed(reason: "label at \(place)")
      }
      wire += octets[place...(place + Int(length))]
      place += Int(length) + 1
      guard length > 0 else { break }
    }
    at = end ?? place
    guard let name = DomainName(wire: wire) else {
      throw Malformed(reason: "name of \(wire.count)")
    }
    return name
  }

  mutating func record() throws(Malformed) -> ResourceRecord {
    let owner = try name(compressed: true)
    let type = RecordType(rawValue: try u16())
    guard try u16() == recordClass else { throw Malformed(reason: "class of \(owner) \(type)") }
    let ttl = UInt32(try u16()) << 16 | UInt32(try u16())
    let count = Int(try u16())
    let end = at + count
    guard end <= octets.count else { throw Malformed(reason: "RDATA cut off") }
    var rdata: [UInt8] = []
    for field in type.rdataLayout.fields {
      switch field {
      case .name(let compressible): rdata += try name(compressed: compressible).octets
      case .octets(let count): rdata += try take(count)
      case .characterString: rdata += try take(1 + Int(octets[at]))
      case .rest: rdata += try take(end - at)
      }
    }
    guard at == end else { throw Malformed(reason: "RDLENGTH of \(owner) \(type)") }
    return ResourceRecord(owner: owner, type: type, ttl: ttl, rdata: rdata)
  }

  mutating func opt() throws(Malformed) -> ReplyMessage.OPT {
    _ = try take(3)
    let size = try u16()
    let fields = try take(4)
    let end = at + 2 + Int(try u16())
    var options: [(code: UInt16, octets: [UInt8])] = []
    while at < end {
      let code = try u16()
      options.append((code, try take(Int(try u16()))))
    }
    guard at == end else { throw Malformed(reason: "options of OPT") }
    return ReplyMessage.OPT(
      size: size, extendedCode: fields[0], version: fields[1],
      flags: UInt16(fields[2]) << 8 | UInt16(fields[3]), options: options)
  }
}
