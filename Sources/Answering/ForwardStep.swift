public import Config
import Forwarding
public import Wire

/// The names that one `forward` directive sends to its upstreams.
public final class ForwardStep {
  let target: ForwardTarget
  private let from: SuffixTable
  private let except: SuffixTable?
  private let hash: NameHash
  /// The family whose addresses are left out of its answers; nil for none.
  let leftOut: RecordType?

  public init(target: ForwardTarget, settings: ForwardSettings, hash: NameHash) {
    self.target = target
    self.hash = hash
    from = SuffixTable([(settings.from, 0)], hash: hash)
    except =
      settings.except.isEmpty ? nil : SuffixTable(settings.except.map { ($0, 0) }, hash: hash)
    leftOut = settings.families?.otherType
  }

  /// Whether the name is one that goes to these upstreams.
  func covers(_ name: borrowing QueryName) -> Bool {
    from.find(name) != nil && except?.find(name) == nil
  }

  /// What is to be asked for the query's present name.
  func question(_ name: borrowing QueryName, _ reply: borrowing Reply) -> ForwardQuestion {
    let query = reply.query
    return ForwardQuestion(
      name: name, hash: hash(name.octets), type: query.type, recordClass: query.recordClass,
      dnssecOK: query.edns?.dnssecOK ?? false, checkingDisabled: query.checkingDisabled)
  }

  enum Outcome {
    /// The name is another step's.
    case passed
    /// What the upstreams said.
    case given(ExchangeResult)
    /// The next `forward` is to be asked; where there is none, this is the answer.
    case passedOn(ExchangeResult)
    /// The upstreams are to be asked first.
    case pending
    case refused
  }

  func answer(
    _ name: borrowing QueryName, _ reply: inout Reply, _ resumption: Resumption?
  ) -> Outcome {
    guard covers(name) else { return .passed }
    guard reply.query.recursionDesired else {
      // Nobody is asked on behalf of who does not want it (RFC 1034 §4.3.1): chains of forwarders
      // become amplifiers by that. Behind a CNAME of our own, that is the answer.
      guard reply.namePlace == Query.headerOctets else { return .refused }
      reply.code = .refused
      reply.error = ExtendedError(
        code: ExtendedError.notAuthoritative, text: "forward: recursion is not desired")
      return .refused
    }
    guard let result = resumption?.result(of: name, from: target) else {
      guard let refusal = resumption?.refusal else { return .pending }
      return .given(.failure(refusal))
    }
    return target.passesOn(result) ? .passedOn(result) : .given(result)
  }
}
