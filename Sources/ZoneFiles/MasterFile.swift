internal import Wire

/// One file on its way in: directives, what a record may leave out, and files inside the file.
struct MasterFile: ~Copyable {
  /// What an included file inherits. Nothing comes back from it: origin (RFC 1035 §5.1), TTL and
  /// last owner are afterwards as before.
  struct State {
    /// `$TTL` (RFC 2308 §4).
    var defaultTTL: UInt32?
    /// The last TTL stated, in force where there is no `$TTL` (RFC 1035 §5.1).
    var lastTTL: UInt32?
  }

  private let path: String
  private let depth: Int
  private var entries: EntryReader
  private var origin: DomainName
  private var state: State
  private var parser: LdnsLineParser
  private var line: [UInt8] = []

  init(
    path: String, depth: Int = 0, origin: DomainName, state: State = State()
  ) throws(ZoneFileError) {
    let source: OctetSource
    do {
      source = try OctetSource(path: path)
    } catch {
      throw error.placed(path: path, line: 0)
    }
    try self.init(source, path: path, depth: depth, origin: origin, state: state)
  }

  /// A text instead of a file; `$INCLUDE` is refused in it.
  init(text: [UInt8], origin: DomainName, state: State) throws(ZoneFileError) {
    try self.init(
      OctetSource(octets: text), path: "", depth: ZoneFile.maximumIncludeDepth, origin: origin,
      state: state)
  }

  private init(
    _ source: consuming OctetSource, path: String, depth: Int, origin: DomainName, state: State
  ) throws(ZoneFileError) {
    do {
      parser = try LdnsLineParser(origin: origin)
    } catch {
      throw error.placed(path: path, line: 0)
    }
    entries = EntryReader(source)
    self.path = path
    self.depth = depth
    self.origin = origin
    self.state = state
  }

  mutating func read(_ body: (ResourceRecord) -> Void) throws(ZoneFileError) {
    do {
      while try entries.next() {
        if entries.entry[0] == UInt8(ascii: "$") {
          try directive(body)
        } else {
          body(try record())
        }
      }
    } catch {
      throw error.placed(path: path, line: entries.line)
    }
  }
}

// MARK: - Records

extension MasterFile {
  private mutating func record() throws(TextError) -> ResourceRecord {
    let head = try RecordHead(entries.entry)
    guard !head.owner.isEmpty || parser.hasOwner else {
      throw TextError("the first record names no owner")
    }
    let ttl = head.ttl ?? state.defaultTTL ?? state.lastTTL
    writeLine(head, ttl: ttl ?? 0)
    var record = try parser.parse(&line)
    if head.ttl != nil { state.lastTTL = head.ttl }
    guard ttl == nil else { return record }
    // Before $TTL existed the SOA's MINIMUM was the default (RFC 1035 §3.3.13).
    guard record.type == .soa else {
      throw TextError("no TTL: give the record one, or the file a $TTL before it")
    }
    record.ttl = record.rdata.suffix(4).reduce(0) { $0 << 8 | UInt32($1) }
    state.lastTTL = record.ttl
    return record
  }

  /// The entry in the one order that libldns reads: owner, TTL, class, type, RDATA.
  private mutating func writeLine(_ head: RecordHead, ttl: UInt32) {
    line.removeAll(keepingCapacity: true)
    line += entries.entry[head.owner]
    line.append(UInt8(ascii: " "))
    line += String(ttl).utf8
    line += " IN ".utf8
    line += entries.entry[head.typeStart...]
  }
}

// MARK: - Directives

extension MasterFile {
  private mutating func directive(_ body: (ResourceRecord) -> Void) throws(TextError) {
    let words = Word.split(entries.entry)
    switch (words[0].folded, words.count) {
    case ("$origin", 2):
      origin = try name(words[1])
      try parser.setOrigin(origin)
    case ("$ttl", 2):
      guard let ttl = TTLText(words[1].octets) else {
        throw TextError("\(words[1].text) is no TTL: seconds, or a form such as 1h30m")
      }
      state.defaultTTL = try ttl.checked()
    case ("$include", 2), ("$include", 3):
      try include(words, body)
    case ("$origin", _), ("$ttl", _), ("$include", _):
      throw TextError("wrong number of arguments for \(words[0].text)")
    default:
      throw TextError("unknown directive \(words[0].text)")
    }
  }

  private func include(
    _ words: [Word], _ body: (ResourceRecord) -> Void
  ) throws(TextError) {
    guard depth < ZoneFile.maximumIncludeDepth else {
      throw TextError(
        path.isEmpty
          ? "$INCLUDE outside a file"
          : "files are included more than \(ZoneFile.maximumIncludeDepth) deep")
    }
    let included = Self.resolve(words[1].text, beside: path)
    let inner = words.count == 3 ? try name(words[2]) : origin
    do {
      var file = try MasterFile(path: included, depth: depth + 1, origin: inner, state: state)
      try file.read(body)
    } catch {
      throw TextError(inside: error)
    }
  }

  private func name(_ word: Word) throws(TextError) -> DomainName {
    if word.text == "@" { return origin }
    guard word.octets.allSatisfy({ $0 < 0x80 }), let name = DomainName(word.text) else {
      throw TextError("\(word.text) is not a domain name")
    }
    if word.endsInDot { return name }
    guard let full = name.appending(origin) else {
      throw TextError("\(word.text) is too long below \(origin)")
    }
    return full
  }

  private static func resolve(_ included: String, beside path: String) -> String {
    guard !included.hasPrefix("/"), let slash = path.lastIndex(of: "/") else { return included }
    return path[...slash] + included
  }
}
