import Forwarding
import IO
import Wire

/// Questions of the server's own: addresses of upstreams given by name, probes for loops. Belongs
/// to the control thread.
final class OwnQuestions {
  private var waiting: [Int: (ExchangeResult) -> Void] = [:]
  private let loop: EventLoop
  private let hash: NameHash
  private var lastNumber = 0
  private var lastDirective = 0
  private(set) lazy var driver = ExchangeDriver(
    loop: loop,
    finished: { [unowned self] finished in
      waiting.removeValue(forKey: finished.exchange)?(finished.result)
    })

  init(loop: EventLoop, hash: NameHash) {
    self.loop = loop
    self.hash = hash
  }

  /// A group that only these questions are asked of; its number is below those of directives.
  func makeGroup(
    _ name: String, options: ForwardOptions = ForwardOptions(), upstreams: [Upstream]
  ) -> UpstreamGroup {
    lastNumber -= 1
    return UpstreamGroup(number: lastNumber, name: name, options: options, upstreams: upstreams)
  }

  /// A number for the group of a directive, unique in the process.
  func makeGroupNumber() -> Int {
    lastDirective += 1
    return lastDirective
  }

  /// Asks upstreams of `group`; `answered` is called once, within seconds.
  func ask(
    _ name: DomainName, _ type: RecordType, of group: UpstreamGroup,
    _ answered: @escaping (ExchangeResult) -> Void
  ) {
    let question = ForwardQuestion(
      name: name, type: type, recordClass: Query.classIN, dnssecOK: false,
      checkingDisabled: false, hash: hash)
    let exchange = driver.start(question, of: group)
    let earlier = waiting[exchange]
    waiting[exchange] = { result in
      earlier?(result)
      answered(result)
    }
    driver.perform()
  }
}
