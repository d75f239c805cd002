/// Cuts a master file into entries: comments and line ends inside parentheses become blanks,
/// everything else stays as it is for libldns (RFC 1035 §5.1).
struct EntryReader: ~Copyable {
  /// The entry at hand: never empty, only blanks between words; a first blank stands for the last
  /// owner.
  private(set) var entry: [UInt8] = []
  /// The line on which it begins, from 1.
  private(set) var line = 0

  private var source: OctetSource
  private var currentLine = 1

  init(_ source: consuming OctetSource) {
    self.source = source
  }

  /// Goes to the next entry; false at the end of the file.
  mutating func next() throws(TextError) -> Bool {
    while true {
      entry.removeAll(keepingCapacity: true)
      line = currentLine
      let atEnd = try readEntry()
      if entry.contains(where: { $0 != UInt8(ascii: " ") }) { return true }
      if atEnd { return false }
    }
  }

  /// Joins lines into `entry` until one ends outside parentheses; true at the end of the file.
  private mutating func readEntry() throws(TextError) -> Bool {
    var depth = 0
    while let octet = try source.next() {
      switch octet {
      case UInt8(ascii: "\n"):
        currentLine += 1
        if depth == 0 { return false }
        try append(UInt8(ascii: " "))
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
        try append(UInt8(ascii: " "))
      case UInt8(ascii: ";"):
        try skipComment()
      case UInt8(ascii: "("):
        depth += 1
        try append(UInt8(ascii: " "))
      case UInt8(ascii: ")"):
        guard depth > 0 else { throw TextError("a closing parenthesis without an opening one") }
        depth -= 1
        try append(UInt8(ascii: " "))
      case UInt8(ascii: "\""):
        let beginsWord = entry.last == UInt8(ascii: " ")
        try append(octet)
        if beginsWord { try readQuoted() }
      case UInt8(ascii: "\\"):
        try append(octet)
        try appendEscaped()
      default:
        try append(octet)
      }
    }
    guard depth == 0 else { throw TextError("a parenthesis is never closed") }
    return true
  }

  private mutating func readQuoted() throws(TextError) {
    while let octet = try source.next(), octet != UInt8(ascii: "\n") {
      try append(octet)
      if octet == UInt8(ascii: "\"") { return }
      if octet == UInt8(ascii: "\\") { try appendEscaped() }
    }
    throw TextError("a quoted string does not end on its line")
  }

  private mutating func appendEscaped() throws(TextError) {
    guard let octet = try source.next(), octet != UInt8(ascii: "\n"), octet != UInt8(ascii: "\r")
    else { throw TextError("a backslash ends the line") }
    try append(octet)
  }

  /// Leaves the line end where it is.
  private mutating func skipComment() throws(TextError) {
    while let octet = try source.peek(), octet != UInt8(ascii: "\n") {
      source.advance()
    }
  }

  private mutating func append(_ octet: UInt8) throws(TextError) {
    // libldns takes C strings.
    guard octet != 0 else { throw TextError("the text holds a NUL octet") }
    guard entry.count < ZoneFile.maximumEntryOctets else {
      throw TextError("the entry is longer than \(ZoneFile.maximumEntryOctets) octets")
    }
    entry.append(octet)
  }
}
