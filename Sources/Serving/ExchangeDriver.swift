import Forwarding
import IO
import Wire

/// Does for one thread what its exchange machine asks for: sends, waits, tells the time.
final class ExchangeDriver {
  private var machine: ExchangeMachine
  private let loop: EventLoop
  private var datagrams: UpstreamDatagrams?
  private var streams: UpstreamStreams?
  /// The socket of each attempt that has one.
  private var sockets = ExchangeValues<Int32>()
  private var ticking: Registration?
  private var isPerforming = false
  /// Where actions lie while they are performed.
  private var actions: [ExchangeAction?]? = []
  private let finished: (Finished) -> Void
  private let slow: (Int) -> Void

  /// What came of an exchange.
  struct Finished {
    let exchange: Int
    let result: ExchangeResult
  }

  /// - Parameters:
  ///   - finished: hears of each exchange once.
  ///   - slow: hears of an exchange whose patience is over.
  init(
    loop: EventLoop, finished: @escaping (Finished) -> Void,
    slow: @escaping (Int) -> Void = { _ in }
  ) {
    self.loop = loop
    self.finished = finished
    self.slow = slow
    let random = RandomNumbers()
    machine = ExchangeMachine(random: { random.next() })
    datagrams = unsafe UpstreamDatagrams(
      loop: loop,
      // The control thread has one, too.
      limit: UpstreamDatagrams.maximumSockets(of: Clock.availableCPUs + 1),
      onMessage: { [unowned self] attempt, octets in
        guard let start = octets.baseAddress else { return }
        machine.receive(
          unsafe Octets(base: start, count: octets.count), attempt: attempt, now: Clock.monotonic)
      },
      onFailure: { [unowned self] attempt, code in
        machine.fail(
          attempt: attempt, .unreachable, IOError.text(code), now: Clock.monotonic)
      },
      onEnd: { [unowned self] in perform() })
    streams = UpstreamStreams(
      loop: loop,
      received: { [unowned self] attempt, octets in
        octets.withOctets { machine.receive($0, attempt: attempt, now: Clock.monotonic) }
        perform()
      },
      failed: { [unowned self] attempt, reason, text in
        machine.fail(attempt: attempt, reason, text, now: Clock.monotonic)
        perform()
      })
  }

  /// Starts an exchange, or gives the number of the one under way; ``perform()`` is to follow when
  /// the caller knows what to do with its result, which may come at once.
  func start(
    _ question: ForwardQuestion, of group: UpstreamGroup, overStream: Bool = false,
    patience: UInt64? = nil
  ) -> Int {
    machine.start(
      question, of: group, overStream: overStream, patience: patience, now: Clock.monotonic)
  }

  /// The number of the exchange under way for a question to a group; nil where there is none.
  func exchange(for question: ForwardQuestion, of group: UpstreamGroup) -> Int? {
    machine.exchange(for: question, of: group)
  }

  /// Asks whether an upstream is there again.
  func probe(_ upstream: Upstream, in group: UpstreamGroup) {
    machine.startProbe(of: upstream, in: group, now: Clock.monotonic)
    perform()
  }

  /// How often deadlines are looked at while any is open: well below what a client notices.
  private static let tick = Duration.milliseconds(4)

  /// Does what the machine wants done.
  func perform() {
    // What is done may lead to more: the outer call goes on with it.
    guard !isPerforming else { return }
    isPerforming = true
    var actions = self.actions.take() ?? []
    while machine.takeActions(&actions) {
      for index in actions.indices {
        if let action = actions[index].take() { perform(action) }
      }
    }
    self.actions = actions
    isPerforming = false
    if machine.nextDeadline == nil {
      ticking = nil
    } else if ticking == nil {
      ticking = loop.every(Self.tick) { [unowned self] in
        machine.tick(now: Clock.monotonic)
        perform()
      }
    }
  }

  private func perform(_ action: ExchangeAction) {
    switch action {
    case .sendDatagram(let attempt, let upstream, let group, let octets):
      send(octets, attempt, to: upstream, of: group)
    case .sendStream(let attempt, let upstream, let group, let octets):
      streams?.send(octets, attempt: attempt, to: upstream, of: group)
    case .endAttempt(let attempt):
      if let socket = sockets.remove(attempt) {
        datagrams?.release(socket)
      } else {
        streams?.end(attempt)
      }
    case .slow(let exchange):
      slow(exchange)
    case .finish(let exchange, let result):
      finished(Finished(exchange: exchange, result: result))
    }
  }

  private func send(
    _ octets: [UInt8], _ attempt: Int, to upstream: Upstream, of group: UpstreamGroup
  ) {
    let source = group.options.source(for: upstream)
    let sent = unsafe octets.withUnsafeBytes { raw in
      Result { () throws(IOError) in
        try unsafe datagrams?.send(
          raw, to: upstream.socketAddress, from: source.map { SocketAddress($0) },
          sharer: group.number, token: attempt)
      }
    }
    switch sent {
    case .success(let socket):
      sockets[attempt] = socket
    case .failure(let error):
      machine.fail(
        attempt: attempt, error.isShortage ? .overload : .unreachable,
        IOError.text(error.errno), now: Clock.monotonic)
    }
  }
}

extension Upstream {
  var socketAddress: SocketAddress {
    var address = SocketAddress(address, port: port)
    address.scope = scope
    return address
  }
}
