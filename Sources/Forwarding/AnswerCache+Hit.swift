public import Wire

extension AnswerCache {
  /// Why the cache is asked.
  public enum Reason: Hashable, Sendable {
    /// A query has come.
    case first
    /// The exchange for it failed or lasted too long: a stale answer is better than none.
    case staleAllowed
  }

  /// How an answer found is to be given.
  @safe public struct Hit {
    /// What is written into the answer's TTLs.
    public enum TTL: Hashable, Sendable {
      /// Each as it is kept, less `age` seconds; none of them is smaller than that.
      case countedDown(age: UInt32)
      /// Seconds.
      case fixed(UInt32)
    }

    public internal(set) var ttl: TTL
    /// Past its TTL (EDE 3, for an NXDOMAIN 19).
    public internal(set) var isStale = false
    /// The caller starts an exchange without a client.
    public internal(set) var refresh = false
    /// A failure that is remembered (RFC 9520, EDE 13).
    public internal(set) var isCachedFailure = false
    /// Who failed, and how; UTF-8 in the cache's memory, perhaps shortened.
    public internal(set) var failureText: Octets?
    /// 0, or for an NXDOMAIN of an ancestor (RFC 8020) how many octets longer the name asked for
    /// is: so far behind its beginning the name begins that the answer is of.
    public internal(set) var cutOctets = 0

    /// Whether the answer is the NXDOMAIN of an ancestor.
    public var isCut: Bool { cutOctets > 0 }

    init(ttl: TTL) {
      self.ttl = ttl
    }
  }

  /// What became of an answer handed to ``insert(_:from:for:now:)``.
  public enum Insertion: Hashable, Sendable {
    case kept
    /// Not to be kept: its kind, its TTL, its size, a zone that is not cached.
    case notKept
    /// A denial or a failure, whether kept or not, beside a positive answer that goes before it
    /// (`prefer_positive`): the client is to get what ``find(_:hash:type:recordClass:dnssecOK:checkingDisabled:now:reason:mayRefresh:_:)``
    /// gives as ``Reason/staleAllowed``.
    case positivePreferred
  }
}
