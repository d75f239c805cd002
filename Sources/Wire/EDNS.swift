/// The OPT record of a query (RFC 6891 §6.1).
public struct EDNS: Hashable, Sendable {
  /// The client's UDP payload size, in octets, as sent.
  public var size: UInt16
  public var version: UInt8
  public var dnssecOK: Bool
  /// Whether the client asks how long an idle connection stays open (RFC 7828).
  public var asksKeepalive = false

  /// Limits a scan of options: more than a client has reason to send.
  static let maximumOptions = 32

  private enum OptionCode {
    static let cookie: UInt16 = 10
    static let keepalive: UInt16 = 11
  }

  /// Reads the fixed fields and options; nil where an option is cut off, there are more than 32,
  /// a cookie has a length that RFC 7873 §5.2.2 forbids, or a keepalive option has a timeout
  /// (RFC 7828 §3.2.1).
  static func read(size: UInt16, fields: UInt32, options: Octets) -> EDNS? {
    var edns = EDNS(
      size: size, version: UInt8(truncatingIfNeeded: fields >> 16),
      dnssecOK: fields & 0x8000 != 0)
    // Options of a version that is not understood mean nothing (RFC 6891 §6.1.3).
    guard edns.version == 0 else { return edns }
    var at = 0
    var seen = 0
    while at < options.count {
      guard at + 4 <= options.count, seen < maximumOptions else { return nil }
      let code = options.u16(at)
      let length = Int(options.u16(at + 2))
      guard at + 4 + length <= options.count else { return nil }
      switch code {
      case OptionCode.cookie:
        guard length == 8 || (16...40).contains(length) else { return nil }
      case OptionCode.keepalive:
        guard length == 0 else { return nil }
        edns.asksKeepalive = true
      default: break
      }
      at += 4 + length
      seen += 1
    }
    return edns
  }
}
