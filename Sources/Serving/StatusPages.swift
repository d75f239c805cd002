import Config
import IO
import Telemetry

/// `/health`, `/ready` and `/metrics` on the addresses that the configuration names; blocks that
/// name the same address share it. An address that stays over a reload keeps its listener.
final class StatusPages {
  private unowned let server: Server
  private let loop: EventLoop
  private var servers: [ListenAddress: HTTPServer] = [:]
  /// Opened for a configuration that does not serve yet.
  private var opened: [ListenAddress: HTTPServer] = [:]
  /// Closed for it, since they had the port that it has on another address.
  private var closed: [ListenAddress] = []
  private var configuration: Configuration?
  /// `until-ready`: what has been ready once is not asked again.
  private var hasBeenReady = false
  private var probe: HealthProbe?

  init(_ server: Server, loop: EventLoop) {
    self.server = server
    self.loop = loop
  }

  // MARK: - Configuration

  /// Opens the listeners that a configuration needs beyond those that are open; then either
  /// ``serve(_:)`` or ``forget()``.
  ///
  /// - Throws: where an address is not to be had; nothing has changed then.
  func open(for next: Configuration) throws(StartError) {
    let wanted = Self.addresses(in: next)
    for address in wanted where servers[address] == nil && opened[address] == nil {
      for other in servers.keys where other.port == address.port && !wanted.contains(other) {
        servers[other] = nil
        closed.append(other)
      }
      do {
        opened[address] = try HTTPServer(loop, host: address.host, port: address.port)
      } catch {
        forget()
        throw StartError(
          "error: \(error)"
            + (error.isAddressInUse
              ? "; another process has the port: `ss -lntp 'sport = :\(address.port)'` names it"
              : "")
        )
      }
    }
  }

  /// Closes what has been opened for a configuration that is not to serve.
  func forget() {
    opened = [:]
    for address in closed {
      // It was ours a moment ago; somebody who was faster keeps it.
      servers[address] = try? HTTPServer(loop, host: address.host, port: address.port)
    }
    closed = []
    if let configuration { answer(for: configuration) }
  }

  /// Answers for the configuration whose listeners have been opened, and closes those of no use.
  func serve(_ next: Configuration) {
    configuration = next
    servers.merge(opened) { $1 }
    opened = [:]
    closed = []
    let wanted = Self.addresses(in: next)
    servers = servers.filter { wanted.contains($0.key) }
    answer(for: next)
    guard next.blocks.contains(where: { $0.health != nil }) else { return probe = nil }
    probe = probe ?? HealthProbe(on: loop)
  }

  private static func addresses(in configuration: Configuration) -> Set<ListenAddress> {
    Set(
      configuration.blocks.flatMap { block in
        [block.health?.address, block.ready?.address].compactMap { $0 }
          + block.prometheus.map(\.address)
      })
  }

  private func answer(for configuration: Configuration) {
    for server in servers.values { server.removeHandlers() }
    for block in configuration.blocks {
      if let health = block.health {
        servers[health.address]?.handle("/health") { _ in HTTPResponse(200, "OK") }
      }
      if let ready = block.ready {
        let monitorsAlways = ready.monitor == .continuously
        servers[ready.address]?.handle("/ready") { [unowned self] in
          answerReady($0, monitorsAlways: monitorsAlways)
        }
      }
      for prometheus in block.prometheus {
        servers[prometheus.address]?.handle("/metrics") { [unowned self] _ in
          var page = MetricsPage()
          server.addMetrics(to: &page)
          return HTTPResponse(200, page.text, contentType: MetricsPage.contentType)
        }
      }
    }
  }

  // MARK: - Pages

  /// What is ready now has been ready, though nobody may have asked: a reload takes nothing back.
  func noteReadiness() {
    if server.notReady.isEmpty { hasBeenReady = true }
  }

  /// Adds what the pages know of themselves.
  func addMetrics(to page: inout MetricsPage) {
    probe?.addMetrics(to: &page)
  }

  /// 200 `OK`, or 503 with the plugins that are not ready. With `?verbose` a line each for what is
  /// not served as it should be.
  private func answerReady(_ request: HTTPRequest, monitorsAlways: Bool) -> HTTPResponse {
    noteReadiness()
    var waiting = server.notReady
    if hasBeenReady, !monitorsAlways, !server.isEnding { waiting = [] }
    var text = waiting.isEmpty ? "OK" : waiting.joined(separator: ",")
    if request.query.split(separator: "&").contains(where: {
      $0 == "verbose" || $0.hasPrefix("verbose=")
    }) {
      text += "\n" + server.problems.map { $0 + "\n" }.joined()
    }
    return HTTPResponse(waiting.isEmpty ? 200 : 503, text)
  }
}
