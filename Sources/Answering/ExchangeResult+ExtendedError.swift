import Forwarding
import Wire

extension ExchangeResult {
  /// Whether it says nothing about the name, so that an old answer is better (RFC 8767 §4).
  var hasFailed: Bool {
    switch self {
    case .answer(let given): given.header.kind == .failure
    case .failure: true
    }
  }

  /// The result for who asks over TCP, where part of an answer is none: TC says to ask so. Such a
  /// part comes of an exchange that a query over UDP had begun.
  var whole: Self {
    guard case .answer(let given) = self, given.header.isTruncated else { return self }
    let text = "\(given.upstream.description): truncated over UDP, and no answer over TCP"
    return .failure(ExchangeFailure(reason: .malformed, text: text))
  }

  /// Who failed, and how.
  var failureText: String {
    switch self {
    case .answer(let given): "\(given.upstream.description): \(given.answer.reason)"
    case .failure(let failure): failure.text
    }
  }
}

extension ExchangeFailure {
  /// What the reply says of it (RFC 8914 §4.23, §4.24).
  var extendedError: ExtendedError {
    switch reason {
    case .timeout, .malformed:
      error(ExtendedError.noReachableAuthority, "forward: no upstream answered")
    case .allDown:
      error(ExtendedError.noReachableAuthority, "forward: every upstream is down")
    case .noUpstream:
      error(ExtendedError.noReachableAuthority, "forward: no upstream is known")
    case .unreachable, .encryption:
      error(ExtendedError.networkError, "forward: no upstream could be reached")
    case .loop:
      error(ExtendedError.networkError, "loop: the upstream is this server itself")
    case .tooMany:
      error(ExtendedError.prohibited, "forward: max_concurrent queries are under way")
    case .overload:
      error(ExtendedError.other, "forward: a limit is reached")
    }
  }

  private func error(_ code: UInt16, _ text: StaticString) -> ExtendedError {
    ExtendedError(code: code, text: text, subject: self.text)
  }
}
