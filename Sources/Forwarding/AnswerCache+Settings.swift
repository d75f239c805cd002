public import Wire

extension AnswerCache {
  /// What a `cache` block asks for. TTLs are seconds, durations nanoseconds.
  public struct Settings: Hashable, Sendable {
    /// `success` or `denial`.
    public struct Store: Hashable, Sendable {
      /// Answers; ``AnswerCache/minimumCapacity`` at least.
      public var capacity = 9984
      /// Longer TTLs are cut to it, also below ``minTTL``.
      public var maxTTL: UInt32
      /// Shorter TTLs are raised to it; a TTL of 0 only where this is above
      /// ``defaultMinTTL``, for then an operator wants it so.
      public var minTTL = Store.defaultMinTTL
      /// Names whose answers are not kept, with all below them.
      public var disabled: [DomainName] = []

      /// What CoreDNS takes without MINTTL.
      public static let defaultMinTTL: UInt32 = 5

      public init(maxTTL: UInt32) {
        self.maxTTL = maxTTL
      }
    }

    /// `prefetch AMOUNT [DURATION [PERCENTAGE%]]`.
    public struct Prefetch: Hashable, Sendable {
      /// Queries that make an answer popular; 0 is off.
      public var amount: Int
      /// A gap as long as this between two queries ends the popularity.
      public var gapNanoseconds: UInt64 = 60_000_000_000
      /// Of the TTL: when so much is left, the answer is fetched anew.
      public var percentage = 10

      public init(amount: Int) {
        self.amount = amount
      }
    }

    /// `serve_stale`.
    public struct ServeStale: Hashable, Sendable {
      public enum Mode: Hashable, Sendable {
        /// A stale answer at once, the exchange behind it.
        case immediate
        /// The exchange first, for so long at most (nil: until it ends).
        case verify(timeoutNanoseconds: UInt64?)
      }

      /// How long an answer may be given after its TTL.
      public var windowNanoseconds: UInt64 = 3_600_000_000_000
      public var mode = Mode.immediate
      /// What is written into stale answers.
      public var responseTTL: UInt32 = 0
      /// How long after a failed refresh no other is asked for.
      public var failureRecheckNanoseconds: UInt64 = 0
      /// `serve_stale_policy prefer_positive`: a positive answer that may still be given as a stale
      /// one goes before a newer denial, as CoreDNS 1.14 has it.
      public var prefersPositive = false

      public init() {}
    }

    public var success = Store(maxTTL: 3600)
    public var denial = Store(maxTTL: 1800)
    public var prefetch: Prefetch?
    /// Nil for what RFC 8767 §5 asks for: see ``AnswerCache/defaultStaleNanoseconds``.
    public var serveStale: ServeStale?
    /// How long a failure is kept (RFC 9520 §3.2); 0 is not at all.
    public var servfailNanoseconds: UInt64 = 5_000_000_000
    /// Whether answers keep the TTLs they came with.
    public var keepTTL = false
    /// Names that are cached, with all below them; all names where it is empty.
    public var zones: [DomainName] = []
    /// Whether an NXDOMAIN answers for all names below its own (RFC 8020).
    public var nxdomainCut = false
    /// The zones of longer server blocks, which an NXDOMAIN from this one says nothing of.
    public var longerZones: [DomainName] = []

    public init() {}
  }
}

extension AnswerCache.Settings {
  /// Whether `name` is cached at all; what is disabled for one kind of answer is told on insertion.
  func covers(_ name: Octets) -> Bool {
    zones.isEmpty || zones.contains { $0.encloses(name) }
  }

  /// Nanoseconds after which a client whose exchange lasts gets a stale answer (RFC 8767 §5: 1.8
  /// s); nil where it waits for the end.
  public var patience: UInt64? {
    guard let serveStale else { return 1_800_000_000 }
    // At once there was none.
    guard case .verify(let timeout) = serveStale.mode else { return nil }
    return timeout
  }

  /// How long an answer is of use after its TTL, nanoseconds.
  var staleWindow: UInt64 {
    serveStale?.windowNanoseconds ?? AnswerCache.defaultStaleNanoseconds
  }
}

extension AnswerCache.Settings.Store {
  func disables(_ name: Octets) -> Bool {
    disabled.contains { $0.encloses(name) }
  }

  /// `ttl` as it is written and kept, seconds.
  func clamped(_ ttl: UInt32) -> UInt32 {
    // RFC 2181 §8: with the upper bit set it is 0.
    let ttl = ttl > UInt32(Int32.max) ? 0 : ttl
    if ttl == 0, minTTL <= Self.defaultMinTTL { return 0 }
    return min(max(ttl, minTTL), maxTTL)
  }
}

extension DomainName {
  /// Whether the folded wire octets `name` are this name or one below it.
  func encloses(_ name: Octets) -> Bool {
    octets.withOctets { own in
      var at = 0
      while name.count - at > own.count { at += Int(name[at]) + 1 }
      guard name.count - at == own.count else { return false }
      var index = 0
      while index < own.count {
        guard ASCII.folded(own[index]) == name[at + index] else { return false }
        index += 1
      }
      return true
    }
  }
}
