import APIServerKit

/// The words of a command: `name=value` ones by name, the others by place.
struct Arguments {
  var words: [String] = []
  private var named: [(name: String, value: String)] = []

  init(_ all: some Sequence<String>) {
    for word in all {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 {
        named.append((String(parts[0]), String(parts[1])))
      } else {
        words.append(word)
      }
    }
  }

  subscript(name: String) -> String? { named.first { $0.name == name }?.value }

  func flag(_ name: String) -> Bool { self[name] == "true" }

  func word(_ place: Int) throws(Failure) -> String {
    guard words.indices.contains(place) else { throw Failure("too few words") }
    return words[place]
  }

  func number(_ place: Int) throws(Failure) -> Int {
    guard let number = Int(try word(place)) else { throw Failure("\(words[place]) is no number") }
    return number
  }

  func number(_ name: String, _ usual: Int? = nil) throws(Failure) -> Int {
    guard let text = self[name] else {
      guard let usual else { throw Failure("\(name)=N is missing") }
      return usual
    }
    guard let number = Int(text) else { throw Failure("\(name)=\(text) is no number") }
    return number
  }

  /// Seconds, with a fraction when wanted, as nanoseconds.
  func seconds(_ name: String) throws(Failure) -> Nanoseconds? {
    guard let text = self[name] else { return nil }
    guard let seconds = Double(text), (0...1_000_000).contains(seconds) else {
      throw Failure("\(name)=\(text) is no number of seconds")
    }
    return Nanoseconds(seconds * 1e9)
  }

  // MARK: - Objects

  /// What `put` is to store.
  func object() throws(Failure) -> APIObject {
    switch try word(0) {
    case "namespace":
      let labels = named.map { ($0.name, $0.value) }
      return .namespace(try word(1), labels: Dictionary(labels) { $1 })
    case "service":
      return .service(
        try word(1), try word(2), try serviceType(), ports: try ports() ?? [],
        publishNotReady: flag("publish"))
    case "slice":
      let endpoints = words.dropFirst(4).map(Self.endpoint)
      return .slice(
        try word(1), try word(2), of: try word(3), endpoints.isEmpty ? nil : endpoints,
        ports: try ports(), headless: flag("headless"), triggered: self["triggered"])
    case "pod":
      return .pod(
        try word(1), try word(2), address: try word(3), phase: self["phase"] ?? "Running")
    default: throw Failure("put namespace, service, slice or pod")
    }
  }

  private func serviceType() throws(Failure) -> APIObject.ServiceType {
    switch try word(3) {
    case "headless": return .headless
    case "externalname": return .externalName(try word(4))
    case "clusterip": return .clusterIP(try word(4).split(separator: ",").map(String.init))
    default: throw Failure("clusterip ADDRESS, headless or externalname TARGET")
    }
  }

  /// `ADDRESS`, `ADDRESS/HOSTNAME`, and either led by `!` when not ready.
  private static func endpoint(_ word: String) -> APIEndpoint {
    let isReady = word.first != "!"
    let parts = word.drop { $0 == "!" }.split(separator: "/").map(String.init)
    return APIEndpoint(
      parts.first ?? "", ready: isReady, hostname: parts.count > 1 ? parts[1] : nil)
  }

  private func ports() throws(Failure) -> [APIPort]? {
    var ports: [APIPort] = []
    for (name, value) in named where name == "port" {
      let parts = value.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      guard parts.count >= 2, let number = Int(parts[1]) else {
        throw Failure("port=NAME:NUMBER[:TRANSPORT]")
      }
      ports.append(
        APIPort(parts[0].isEmpty ? nil : parts[0], number, parts.count > 2 ? parts[2] : "TCP"))
    }
    return ports.isEmpty ? nil : ports
  }
}
