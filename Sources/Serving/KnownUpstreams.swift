import Forwarding
import Wire

/// What hosts and resolver files have led to. A `forward` that a reload has changed begins with it:
/// the name may not be looked up, nor the file read, just then.
///
/// Belongs to the control thread.
final class KnownUpstreams {
  /// A host, and who is asked for it; empty for the system's name servers and the cluster's names.
  struct Host: Hashable {
    let name: String
    let resolvers: [Upstream]
  }

  private var hosts: [Host: [IPAddress]] = [:]
  private var files: [String: [Upstream]] = [:]

  /// More than a Corefile has. With that many all are forgotten, and those in use are put in again
  /// when they are looked up next.
  private static let maximumCount = 1024

  subscript(host: Host) -> [IPAddress] {
    get { hosts[host] ?? [] }
    set {
      if hosts.count >= Self.maximumCount { hosts = [:] }
      hosts[host] = newValue
    }
  }

  /// By path and port.
  subscript(file file: String, port port: UInt16) -> [Upstream] {
    get { files["\(port) \(file)"] ?? [] }
    set {
      if files.count >= Self.maximumCount { files = [:] }
      files["\(port) \(file)"] = newValue
    }
  }
}
