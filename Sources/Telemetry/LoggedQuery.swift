/// A query and its reply as a log line shows them.
public struct LoggedQuery: Sendable {
  /// Mnemonic, `TYPEn` for one without.
  public var type: String
  /// Presentation format, lower case, final dot.
  public var name: String
  public var className: String
  /// `udp` or `tcp`.
  public var transport: String
  public var remote: String
  public var remotePort: UInt16
  public var local: String
  public var id: UInt16
  public var opcode: UInt8
  public var dnssecOK: Bool
  /// The client's UDP size: 512 without EDNS, 65535 over TCP.
  public var bufferSize: Int
  /// Octets of the query.
  public var size: Int
  public var reply: Reply?
  public var nanoseconds: UInt64

  public struct Reply: Sendable {
    /// RCODE with the upper bits of the OPT record.
    public var responseCode: Int
    /// The second 16 bits of the header.
    public var flags: UInt16
    /// Octets.
    public var size: Int

    public init(responseCode: Int, flags: UInt16, size: Int) {
      self.responseCode = responseCode
      self.flags = flags
      self.size = size
    }
  }

  public init(
    type: String, name: String, className: String, transport: String,
    remote: String, remotePort: UInt16, local: String,
    id: UInt16, opcode: UInt8, dnssecOK: Bool, bufferSize: Int, size: Int,
    reply: Reply?, nanoseconds: UInt64
  ) {
    self.type = type
    self.name = name
    self.className = className
    self.transport = transport
    self.remote = remote
    self.remotePort = remotePort
    self.local = local
    self.id = id
    self.opcode = opcode
    self.dnssecOK = dnssecOK
    self.bufferSize = bufferSize
    self.size = size
    self.reply = reply
    self.nanoseconds = nanoseconds
  }
}

/// What a `class` line of the `log` plugin chooses by.
public enum ResponseClass: String, CaseIterable, Sendable {
  case success, denial, error

  /// The class of a reply; a query without one is an `error`.
  ///
  /// - Parameters:
  ///   - opcode: of the header; NOTIFY and UPDATE are always a success.
  ///   - type: QTYPE; so are AXFR and IXFR.
  ///   - hasAnswer: whether the answer section holds a record.
  ///   - hasSOA: whether the authority section holds an SOA, which tells NODATA (RFC 2308 §2.2)
  ///     and a name error that may be cached from the rest.
  public static func of(
    opcode: UInt8, type: UInt16, responseCode: Int, hasAnswer: Bool, hasSOA: Bool
  ) -> ResponseClass {
    let (notify, update, ixfr, axfr) = (4, 5, 251, 252)
    if opcode == notify || opcode == update || type == ixfr || type == axfr { return .success }
    switch responseCode {
    case 0: return hasSOA && !hasAnswer ? .denial : .success
    case 3: return hasSOA ? .denial : .error
    default: return .error
    }
  }
}
