import IO
import Telemetry

/// What one worker answers by, of one configuration; put together by the control thread.
struct WorkerGeneration: Sendable {
  /// Which generation of the configuration it is; what the worker says when it has taken it.
  let number: Int
  let listeners: [ListenerSetup]
  let reporter: ErrorReporter
  var logFormats: [QueryLogFormat]
  /// Of each listener's TCP connections: this worker's share.
  let streamLimits: StreamLimits

  /// A listener as this worker is to serve it.
  struct ListenerSetup: Sendable {
    let address: SocketAddress
    /// Open and bound; the worker closes them. Nil where it has the address already.
    let sockets: WorkerSockets?
    let plans: [PlanSetup]
    /// Counts queries that no block is asked for.
    let dropped: QueryCounters?
  }
}

/// Descriptors of a worker for one listener.
struct WorkerSockets: Sendable {
  let datagrams: Int32
  let streams: Int32

  /// Where no worker has taken them.
  func close() {
    _ = Socket(owning: datagrams)
    _ = Socket(owning: streams)
  }
}
