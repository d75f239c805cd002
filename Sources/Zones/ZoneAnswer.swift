public import Wire

/// What a zone says to one question: the sections of the reply and what they mean.
public struct ZoneAnswer: Hashable, Sendable {
  /// What the lookup came to, for the last name of a CNAME chain (RFC 6604).
  public enum Kind: Hashable, Sendable {
    /// The records asked for.
    case data
    /// The name exists, perhaps as an empty non-terminal, without the type.
    case nodata
    /// Nothing exists at or below the name.
    case nameError
    /// The name is at or below a zone cut: a referral to the child's servers.
    case delegation
    /// A CNAME chain that this zone does not end: see ``ZoneAnswer/unresolvedTarget``.
    case alias
  }

  public var kind: Kind
  public var rcode: ResponseCode
  /// The AA flag. Set where the first owner name in the answer is ours (RFC 1035 §4.1.1).
  public var isAuthoritative: Bool
  public var answer: [RRset]
  public var authority: [RRset]
  public var additional: [RRset]
  /// The end of a CNAME chain, for others to resolve: a name outside the zone or below one of its
  /// cuts (the referral is then in ``authority``), or the next name where the chain was cut off at
  /// ``Zone/maximumChainLength``. Nil for a loop.
  public var unresolvedTarget: DomainName?

  public init(
    kind: Kind, rcode: ResponseCode = .noError, isAuthoritative: Bool = true,
    answer: [RRset] = [], authority: [RRset] = [], additional: [RRset] = [],
    unresolvedTarget: DomainName? = nil
  ) {
    self.kind = kind
    self.rcode = rcode
    self.isAuthoritative = isAuthoritative
    self.answer = answer
    self.authority = authority
    self.additional = additional
    self.unresolvedTarget = unresolvedTarget
  }
}
