public import Forwarding
import Wire

/// The answers kept of a block's upstreams.
@safe public final class CacheStep {
  /// Shared by all workers and therefore never counted on the way of a query; the owner of the
  /// plan keeps it alive.
  private let cache: Unmanaged<AnswerCache>
  private let keepsAlive: AnswerCache

  public init(_ cache: AnswerCache) {
    unsafe self.cache = Unmanaged.passUnretained(cache)
    keepsAlive = cache
  }

  /// Answers from the cache; nil where it has nothing to give.
  ///
  /// - Returns: whether the answer is to be fetched anew, without anybody waiting for it.
  func answer(
    _ name: borrowing QueryName, hash: UInt64, _ reason: AnswerCache.Reason, _ reply: inout Reply,
    _ writer: inout MessageWriter, now: UInt64
  ) -> Bool? {
    let query = reply.query
    return unsafe cache._withUnsafeGuaranteedRef { cache in
      cache.find(
        name, hash: hash, type: query.type, recordClass: query.recordClass,
        dnssecOK: query.edns?.dnssecOK ?? false, checkingDisabled: query.checkingDisabled,
        now: now, reason: reason, mayRefresh: query.recursionDesired
      ) { view, hit in
        // The upstream's AA was said of its own data, which a cache does not have (RFC 1034 §6.2.1).
        reply.put(
          view, TTLRule(hit.ttl), behind: hit.cutOctets, keepsAuthority: false, &writer)
        if hit.isStale {
          reply.error = ExtendedError(
            code: view.header.kind == .nameError
              ? ExtendedError.staleNameError : ExtendedError.staleAnswer,
            text: "cache: its TTL has run out")
        } else if hit.isCachedFailure {
          reply.error = ExtendedError(
            code: ExtendedError.cachedError, text: "cache: upstreams failed a moment ago",
            subject: hit.failureText.map { String(decoding: $0.array, as: UTF8.self) } ?? "")
        }
        return hit.refresh
      }
    }
  }
}

extension Reply {
  /// Writes an upstream's answer for the name that is looked up.
  ///
  /// - Parameter cut: octets of the name before the one that the answer is of.
  mutating func put(
    _ view: AnswerView, _ ttl: TTLRule, behind cut: Int = 0, keepsAuthority: Bool,
    _ writer: inout MessageWriter
  ) {
    let header = view.header
    // An extended RCODE is of the hop between an upstream and this server (RFC 6891 §6.1.3), and
    // what a client without EDNS would see of it is another one.
    code = header.code.rawValue > 15 ? .serverFailure : header.code
    var flags = header.flags & 0x0080
    // Behind a CNAME of our own neither is the upstream's to say of the whole (RFC 4035 §3.2.3).
    if namePlace == Query.headerOctets {
      if keepsAuthority { flags |= header.flags & 0x0400 }
      // RFC 6840 §5.8: AD is for those who ask for it by AD or DO.
      if wantsAuthenticData || query.edns?.dnssecOK == true { flags |= header.flags & 0x0020 }
    }
    writer.setFlags(flags)
    _ = writer.put(view, ttl: ttl, name: namePlace + cut, rotation: rotation)
  }
}

extension TTLRule {
  fileprivate init(_ ttl: AnswerCache.Hit.TTL) {
    switch ttl {
    case .countedDown(let age): self.init(elapsed: age)
    case .fixed(let seconds): self = .fixed(seconds)
    }
  }
}
