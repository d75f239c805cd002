import Config
import IO
import Telemetry

/// `/health`, `/ready` and `/metrics` on the addresses that the configuration names; blocks that
/// name the same address share it.
final class StatusPages {
  private let configuration: Configuration
  private let log: Log
  private var servers: [ListenAddress: HTTPServer] = [:]
  /// `until-ready`: what has been ready once is not asked again.
  private var hasBeenReady = false
  private var probe: HealthProbe?

  init(_ configuration: Configuration, log: Log) {
    self.configuration = configuration
    self.log = log
  }

  /// Opens the listeners.
  ///
  /// - Throws: where an address is not to be had.
  func open(on loop: EventLoop, server: Server) throws(StartError) {
    for block in configuration.blocks {
      if let health = block.health {
        try listen(health.address, on: loop).handle("/health") { _ in HTTPResponse(200, "OK") }
      }
      if let ready = block.ready {
        let monitorsAlways = ready.monitor == .continuously
        try listen(ready.address, on: loop).handle("/ready") { [unowned self, unowned server] in
          answerReady($0, server, monitorsAlways: monitorsAlways)
        }
      }
      for prometheus in block.prometheus {
        try listen(prometheus.address, on: loop).handle("/metrics") { [unowned server] _ in
          var page = MetricsPage()
          server.addMetrics(to: &page)
          return HTTPResponse(200, page.text, contentType: MetricsPage.contentType)
        }
      }
    }
  }

  /// Adds what the pages know of themselves.
  func addMetrics(to page: inout MetricsPage) {
    probe?.addMetrics(to: &page)
  }

  /// Begins to look at how soon `/health` would be answered, where it is served.
  func startProbe(on loop: EventLoop) {
    if configuration.blocks.contains(where: { $0.health != nil }) { probe = HealthProbe(on: loop) }
  }

  private func listen(_ address: ListenAddress, on loop: EventLoop) throws(StartError) -> HTTPServer
  {
    if let known = servers[address] { return known }
    do {
      let server = try HTTPServer(loop, host: address.host, port: address.port)
      servers[address] = server
      return server
    } catch {
      throw StartError(
        "error: \(error)"
          + (error.isAddressInUse
            ? "; another process has the port: `ss -lntp 'sport = :\(address.port)'` names it" : "")
      )
    }
  }

  /// 200 `OK`, or 503 with the plugins that are not ready. With `?verbose` a line each for what is
  /// not served as it should be.
  private func answerReady(
    _ request: HTTPRequest, _ server: Server, monitorsAlways: Bool
  ) -> HTTPResponse {
    var waiting = server.notReady
    if waiting.isEmpty { hasBeenReady = true }
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
