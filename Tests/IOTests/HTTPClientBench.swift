import Testing

@testable import IO

/// A client, what it has received, and the loop on which both it and the servers of a test run.
final class HTTPClientBench {
  let loop = EventLoop()
  let recorder = Recorder()
  private(set) var client: HTTPClient?

  /// Milliseconds after which a test waits in vain.
  static let patience = 30_000

  init(_ configuration: HTTPClientConfiguration = .direct) {
    client = HTTPClient(on: loop, configuration)
  }

  func get(
    _ id: Int, _ url: String, headers: [(name: String, value: String)] = [], gzip: Bool = false
  ) {
    client?.get(
      id, HTTPClientRequest(url, headers: headers, acceptsGzip: gzip), recorder)
  }

  func release() { client = nil }

  /// Runs the loop until so many transfers have ended in all.
  func run(untilEnded count: Int, sourceLocation: SourceLocation = #_sourceLocation) {
    run(sourceLocation: sourceLocation) { [recorder] in recorder.ended.count >= count }
  }

  /// Runs the loop until `done` says so, which is asked after each call and each millisecond.
  func run(
    sourceLocation: SourceLocation = #_sourceLocation, until done: @escaping () -> Bool
  ) {
    var ticks = 0
    let tick = loop.every(.milliseconds(1)) { [loop] in
      ticks += 1
      if done() || ticks > Self.patience { loop.stop() }
    }
    recorder.onCall = { [loop] in if done() { loop.stop() } }
    loop.run()
    recorder.onCall = nil
    tick.cancel()
    #expect(ticks <= Self.patience, "nothing came", sourceLocation: sourceLocation)
  }

  /// One transfer to its end.
  func fetch(
    _ url: String, headers: [(name: String, value: String)] = [], gzip: Bool = false,
    sourceLocation: SourceLocation = #_sourceLocation
  ) -> Received {
    let id = recorder.transfers.count + 1_000
    get(id, url, headers: headers, gzip: gzip)
    run(sourceLocation: sourceLocation) { [recorder] in recorder.ended.contains(id) }
    return recorder.transfers[id] ?? Received()
  }
}

extension HTTPClientConfiguration {
  /// Past whatever proxy the environment names.
  static let direct = HTTPClientConfiguration(proxy: "")
}

/// What has come of one transfer.
struct Received {
  var heads: [HTTPResponseHead] = []
  var body: [UInt8] = []
  /// Octets of the body, also where they are not kept.
  var count = 0
  var hasEnded = false
  var failure: HTTPClientFailure?

  var head: HTTPResponseHead? { heads.first }
  var text: String { String(decoding: body, as: UTF8.self) }
}

/// Notes every call, and does what a test wants done inside of one.
final class Recorder: HTTPTransferDelegate {
  private(set) var transfers: [Int: Received] = [:]
  /// In the order of their ends.
  private(set) var ended: [Int] = []
  var keepsBody = true
  var onHead: ((Int) -> Void)?
  var onBody: ((Int) -> Void)?
  var onEnd: ((Int) -> Void)?
  var onCall: (() -> Void)?

  func forgetHooks() { (onHead, onBody, onEnd) = (nil, nil, nil) }

  func transfer(_ id: Int, received head: HTTPResponseHead) {
    transfers[id, default: Received()].heads.append(head)
    onHead?(id)
    onCall?()
  }

  func transfer(_ id: Int, received octets: RawSpan) {
    transfers[id, default: Received()].count += octets.byteCount
    if keepsBody {
      unsafe octets.withUnsafeBytes { unsafe transfers[id, default: Received()].body += $0 }
    }
    onBody?(id)
    onCall?()
  }

  func transfer(_ id: Int, ended failure: HTTPClientFailure?) {
    transfers[id, default: Received()].hasEnded = true
    transfers[id]?.failure = failure
    ended.append(id)
    onEnd?(id)
    onCall?()
  }
}
