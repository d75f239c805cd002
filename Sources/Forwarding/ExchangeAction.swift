import Wire

/// What an ``ExchangeMachine`` wants done.
public enum ExchangeAction: Sendable {
  /// From a fresh random port to the upstream; what comes back on that socket goes to
  /// ``ExchangeMachine/receive(_:attempt:now:)``.
  case sendDatagram(attempt: Int, to: Upstream, of: UpstreamGroup, octets: [UInt8])
  /// On a stream to the upstream, TLS where it says so. The ID is the machine's: a driver that
  /// needs another one on the connection puts it back into the reply.
  case sendStream(attempt: Int, to: Upstream, of: UpstreamGroup, octets: [UInt8])
  /// Nothing more is wanted of it: its socket may be released.
  case endAttempt(Int)
  /// The patience given at the start is over; the exchange goes on.
  case slow(exchange: Int)
  /// Once for each exchange. What `start` refused has a negative number.
  case finish(exchange: Int, result: ExchangeResult)
}

/// Limits of one ``ExchangeMachine``.
public struct ExchangeLimits: Sendable {
  /// Exchanges under way in one thread: at 5 s each, 3,000 a second with every upstream silent.
  public var exchanges = 16_384
  /// Messages without a reply, each with a socket or a place in a connection's pipeline: half of
  /// the exchanges may have two.
  public var attempts = 24_576

  public init() {}

  /// From the start to the last moment an answer is waited for, nanoseconds: resolvers give up
  /// after 5 s (resolv.conf(5), `timeout`), and are to hear why.
  static let patience: UInt64 = 4_800_000_000
  /// Datagrams on one attempt's port that are not its reply, after which a stream is tried:
  /// somebody is guessing (RFC 5452 §9.3).
  static let wrongDatagrams = 16
  /// Datagrams with the question and something unreadable behind it that are looked through in an
  /// attempt: each may cost a millisecond, and the stream that was begun at the first one decides.
  static let unreadableDatagrams = 2
  /// Datagrams that are in doubt are asked again over a stream; where that takes longer, in a way
  /// that leaves no doubt over UDP, without waiting for the end of either. A stream needs two round
  /// trips: enough for a continent.
  static let streamPatience: UInt64 = 100_000_000
  /// Messages of an exchange beyond those that policy and failures ask for: the retries of one
  /// upstream's answer over a stream, without EDNS, with a cookie, in small letters.
  static let followUps = 8
  /// How long a probe by datagram may take: nothing is looked up for it.
  static let probeTimeout: UInt64 = 1_000_000_000
  /// Before a refused hedge is tried again, at least.
  static let hedgePause: UInt64 = 100_000_000
}
