import Testing
import Wire
import ZoneFiles
import Zones

/// A question and the sections that a zone answers with, in master-file notation; names without a
/// final dot are relative to the apex and a record without a TTL has 3600.
struct Row: Sendable, CustomTestStringConvertible {
  let title: String
  let question: String
  let kind: ZoneAnswer.Kind
  let rcode: ResponseCode
  let isAuthoritative: Bool
  let answer: [String]
  /// Nil: the SOA of a negative answer, else nothing.
  let authority: [String]?
  let additional: [String]
  let target: String?

  init(
    _ title: String, _ question: String, _ kind: ZoneAnswer.Kind, rcode: ResponseCode? = nil,
    aa: Bool? = nil, _ answer: [String] = [], authority: [String]? = nil,
    additional: [String] = [], target: String? = nil
  ) {
    self.title = title
    self.question = question
    self.kind = kind
    self.rcode = rcode ?? (kind == .nameError ? .nameError : .noError)
    isAuthoritative = aa ?? (kind != .delegation)
    self.answer = answer
    self.authority = authority
    self.additional = additional
    self.target = target
  }

  var testDescription: String { "\(title) – \(question)" }
}

/// A zone of zones/ with the SOA that its negative answers carry.
struct SampleZone {
  let zone: Zone
  let negativeSOA: String

  init(_ file: String, apex: String, negativeSOA: String) throws {
    zone = try ZoneFile.zone(path: samplePath(file), apex: try #require(DomainName(apex)))
    self.negativeSOA = negativeSOA
  }

  /// Asks the row's question and expects its sections.
  func check(_ row: Row, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let (name, type) = try question(row.question)
    let answer = zone.lookup(name, type: type)
    let isNegative = row.kind == .nodata || row.kind == .nameError
    let authority = row.authority ?? (isNegative ? [negativeSOA] : [])

    #expect(answer.kind == row.kind, sourceLocation: sourceLocation)
    #expect(answer.rcode == row.rcode, sourceLocation: sourceLocation)
    #expect(answer.isAuthoritative == row.isAuthoritative, sourceLocation: sourceLocation)
    #expect(lines(answer.answer) == (try lines(row.answer)), sourceLocation: sourceLocation)
    #expect(lines(answer.authority) == (try lines(authority)), sourceLocation: sourceLocation)
    #expect(
      lines(answer.additional) == (try lines(row.additional)), sourceLocation: sourceLocation)
    #expect(answer.unresolvedTarget?.description == row.target, sourceLocation: sourceLocation)
  }

  /// `name TYPE`, the name relative to the apex unless it ends in a dot.
  func question(_ text: String) throws -> (DomainName, RecordType) {
    let words = text.split(separator: " ")
    let type = try #require(RecordType(mnemonic: String(words[1])))
    let owner = try RecordText.parse("\(words[0]) A 192.0.2.1", origin: zone.apex).owner
    return (owner, type)
  }

  private func lines(_ rrsets: [RRset]) -> [String] {
    rrsets.flatMap(\.records).map(RecordText.format)
  }

  private func lines(_ records: [String]) throws -> [String] {
    try records.map { RecordText.format(try RecordText.parse($0, origin: zone.apex)) }
  }
}

/// A file of zones/ at the package's root.
func samplePath(_ file: String) -> String {
  let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
  return root.joined(separator: "/") + "/zones/" + file
}
