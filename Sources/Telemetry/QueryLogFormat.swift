/// A format of the `log` plugin, read once and printed for each query.
public struct QueryLogFormat: Sendable {
  /// `{common}`.
  public static let common =
    "{remote}:{port} - {>id} \"{type} {class} {name} {proto} {size} {>do} {>bufsize}\" "
    + "{rcode} {>rflags} {rsize} {duration}"
  /// `{combined}`.
  public static let combined = common + " \"{>opcode}\""

  /// What stands for a value that is not known.
  private static let empty = "-"

  private enum Field: String {
    case type, name, `class`, proto, remote, local, size, port, duration, rcode, rsize
    case rflags = ">rflags"
    case bufsize = ">bufsize"
    case dnssecOK = ">do"
    case id = ">id"
    case opcode = ">opcode"
  }

  private enum Piece {
    case text(String)
    case field(Field)
    /// A label that plugins publish, `{/kubernetes/client-pod-name}`.
    case metadata(String)
  }

  private let pieces: [Piece]

  /// Reads a format. Every text is one: braces that hold no placeholder stand for themselves.
  public init(_ format: String) {
    var rest = Self.replacing("{common}", with: Self.common, in: format[...])
    rest = Self.replacing("{combined}", with: Self.combined, in: rest[...])
    var pieces: [Piece] = []
    var text = ""
    var unread = rest[...]
    // From the closing brace back to the nearest opening one, so `{ {name} }` holds a placeholder.
    while let close = unread.firstIndex(of: "}") {
      let next = unread.index(after: close)
      let open = unread[..<close].lastIndex(of: "{")
      if let open, let piece = Self.piece(unread[unread.index(after: open)..<close]) {
        text += unread[..<open]
        if !text.isEmpty { pieces.append(.text(text)) }
        text = ""
        pieces.append(piece)
      } else {
        text += unread[..<next]
      }
      unread = unread[next...]
    }
    text += unread
    if !text.isEmpty { pieces.append(.text(text)) }
    self.pieces = pieces
  }

  private static func piece(_ inside: Substring) -> Piece? {
    if inside.first == "/" { return .metadata(String(inside.dropFirst())) }
    return Field(rawValue: String(inside)).map(Piece.field)
  }

  private static func replacing(
    _ placeholder: String, with text: String, in format: Substring
  ) -> String {
    format.split(separator: placeholder, omittingEmptySubsequences: false).joined(separator: text)
  }

  /// Appends the line's text, without level and newline.
  public func append(_ query: LoggedQuery, to octets: inout [UInt8]) {
    for piece in pieces {
      switch piece {
      case .text(let text): octets += text.utf8
      case .field(let field): octets += Self.value(field, query).utf8
      case .metadata: octets += Self.empty.utf8
      }
    }
  }

  // MARK: - Values

  private static func value(_ field: Field, _ query: LoggedQuery) -> String {
    switch field {
    case .type: query.type == "TYPE0" ? "None" : query.type
    case .name: query.name
    case .class: query.className
    case .proto: query.transport
    case .remote: bracketed(query.remote)
    case .local: bracketed(query.local)
    case .size: String(query.size)
    case .port: String(query.remotePort)
    case .duration: DecimalText.seconds(nanoseconds: query.nanoseconds) + "s"
    case .rcode: query.reply.map { ResponseCodeNames.logged($0.responseCode) } ?? empty
    case .rsize: query.reply.map { String($0.size) } ?? empty
    case .rflags: query.reply.map { flags($0.flags) } ?? empty
    case .bufsize: String(query.bufferSize)
    case .dnssecOK: query.dnssecOK ? "true" : "false"
    case .id: String(query.id)
    case .opcode: String(query.opcode)
    }
  }

  /// IPv6 addresses in brackets, since a port follows (RFC 3986 §3.2.2).
  private static func bracketed(_ address: String) -> String {
    address.utf8.contains(UInt8(ascii: ":")) ? "[\(address)]" : address
  }

  /// Header bits in the order of RFC 1035 §4.1.1, then AD and CD of RFC 4035.
  private static let flagNames: [(bit: UInt16, name: String)] = [
    (1 << 15, "qr"), (1 << 10, "aa"), (1 << 9, "tc"), (1 << 8, "rd"), (1 << 7, "ra"),
    (1 << 6, "z"), (1 << 5, "ad"), (1 << 4, "cd"),
  ]

  private static func flags(_ bits: UInt16) -> String {
    let names = flagNames.filter { bits & $0.bit != 0 }.map(\.name)
    return names.isEmpty ? empty : names.joined(separator: ",")
  }
}
