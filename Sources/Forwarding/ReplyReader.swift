public import Wire

/// Reads what upstreams send.
public enum ReplyReader {
  /// Reads a message that came for a query.
  ///
  /// - Parameters:
  ///   - sent: the query, as ``UpstreamQuery`` encoded it for `question`.
  ///   - overStream: whether it came over TCP or TLS, where nobody else can put a message in.
  public static func read(
    _ message: Octets, sent: [UInt8], question: ForwardQuestion, overStream: Bool
  ) -> UpstreamReply {
    .wrong(.unreadable)
  }
}
