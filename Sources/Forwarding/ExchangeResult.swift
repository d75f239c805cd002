/// What came of asking upstreams.
public enum ExchangeResult: Hashable, Sendable {
  case answer(GivenAnswer)
  case failure(ExchangeFailure)
}

/// An answer, and whose it is. A class, since it goes through many hands.
public final class GivenAnswer: Hashable, Sendable {
  public let answer: ForwardedAnswer
  public let upstream: Upstream

  public init(_ answer: ForwardedAnswer, from upstream: Upstream) {
    self.answer = answer
    self.upstream = upstream
  }

  public var header: AnswerHeader { answer.header }

  public static func == (one: GivenAnswer, other: GivenAnswer) -> Bool {
    one === other || one.answer == other.answer && one.upstream == other.upstream
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(answer)
  }
}

/// Why no upstream gave an answer.
public struct ExchangeFailure: Hashable, Sendable {
  public enum Reason: Hashable, Sendable {
    /// Nobody answered in time.
    case timeout
    /// An ICMP message or a failed connect said that nobody is there.
    case unreachable
    /// TLS: the certificate, the handshake.
    case encryption
    /// What came could not be read, over and over.
    case malformed
    /// Every upstream is known to be down: nobody was asked.
    case allDown
    /// The upstream is this server itself.
    case loop
    /// No upstream is known: the resolver file is empty or missing, a host name was not found.
    case noUpstream
    /// More queries are under way than `max_concurrent` allows.
    case tooMany
    /// The tables are full, or this host is short of ports, descriptors or memory: no upstream's
    /// fault.
    case overload
  }

  public var reason: Reason
  /// The upstream asked last, and what it was: `10.0.0.10:53: connection refused`.
  public var text: String

  public init(reason: Reason, text: String) {
    self.reason = reason
    self.text = text
  }
}
