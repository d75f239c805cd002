public import Wire

/// What a `resolv.conf` says of name servers. Search lists and options are for clients, not for a
/// forwarder, and are passed over (resolv.conf(5)).
public struct ResolverFile: Hashable, Sendable {
  /// The target of a `nameserver` line.
  public struct NameServer: Hashable, Sendable {
    public var address: IPAddress
    /// An interface's name or number, of `fe80::1%eth0`.
    public var zoneIndex: String?

    public init(address: IPAddress, zoneIndex: String? = nil) {
      self.address = address
      self.zoneIndex = zoneIndex
    }
  }

  /// A line that is passed over.
  public struct Problem: Hashable, Sendable {
    /// From 1.
    public var line: Int
    /// One sentence without a full stop.
    public var message: String

    public init(line: Int, message: String) {
      self.line = line
      self.message = message
    }
  }

  /// In the order of the file, ``ForwardSettings/maximumUpstreams`` at most.
  public private(set) var nameServers: [NameServer] = []
  /// The first of them, ``maximumProblems`` at most.
  public private(set) var problems: [Problem] = []

  /// A file that is something else altogether is told about in a few lines.
  public static let maximumProblems = 8

  /// Where systemd-resolved writes the servers that it asks itself (systemd-resolved.service(8)).
  public static let systemdResolvedPath = "/run/systemd/resolve/resolv.conf"

  /// Whether there are name servers and all of them are systemd-resolved's stub on loopback: to
  /// forward to it from the address it forwards to is a loop.
  public var isStub: Bool {
    !nameServers.isEmpty
      && nameServers.allSatisfy { [0x7F00_0035, 0x7F00_0036].contains($0.address.v4Bits) }
      && nameServers.allSatisfy(\.address.isV4)
  }

  /// Reads the `nameserver` lines of a text.
  public init(text: some StringProtocol) {
    let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() {
      let words = line.split { [0x20, 0x09, 0x0D].contains($0) }
      // A comment's first word is never this one.
      guard let first = words.first, first.elementsEqual("nameserver".utf8) else { continue }
      read(words.dropFirst().first.map { String(decoding: $0, as: UTF8.self) }, line: index + 1)
    }
  }

  private mutating func read(_ word: String?, line: Int) {
    guard let word else { return pass(over: line, "after 'nameserver' comes no address") }
    let parts = word.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
    let zoneIndex = parts.count > 1 ? String(parts[1]) : nil
    guard let address = IPAddress(parts[0]), zoneIndex != "", zoneIndex == nil || !address.isV4
    else { return pass(over: line, "'\(word)' is not an address") }
    guard nameServers.count < ForwardSettings.maximumUpstreams else {
      return pass(
        over: line,
        "more than \(ForwardSettings.maximumUpstreams) name servers; "
          + "'\(word)' is not asked")
    }
    nameServers.append(NameServer(address: address, zoneIndex: zoneIndex))
  }

  private mutating func pass(over line: Int, _ message: String) {
    if problems.count < Self.maximumProblems {
      problems.append(Problem(line: line, message: message))
    }
  }
}
