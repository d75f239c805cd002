internal import Wire

/// What flags say where a ConfigMap of kube-dns is the configuration: what a Corefile would.
public struct ClusterFlags: Hashable, Sendable {
  /// The domain where no flag names one.
  public static let defaultDomain = "cluster.local"

  /// `-domain`: the cluster domain, with or without the final dot; nil for the default.
  public var domain: String?
  /// `-bind`: addresses or interfaces to listen on; all where empty.
  public var bind: [String] = []
  /// `-kubeconfig`: absolute, as in the Corefile that comes of it; nil for the cluster around.
  public var kubeconfig: String?
  /// `-manifests`: absolute; files and directories instead of an API server, where not empty.
  public var manifests: [String] = []

  public init() {}

  /// Why a value cannot be that of a flag; nil where it can.
  public static func complaint(of flag: String, value: String) -> String? {
    if flag == "domain" {
      return KubeDNSNames.isSubdomain(plain(value))
        ? nil : "a domain is lower-case letters, digits and '-' between dots, as \(defaultDomain)"
    }
    if value.isEmpty { return "it is empty" }
    return CorefileWord.spelling(value) == nil ? "it cannot be written in a Corefile" : nil
  }

  /// The cluster domain without final dot, lower case.
  var clusterDomain: String { domain.map(Self.plain) ?? Self.defaultDomain }

  private static func plain(_ domain: String) -> String {
    (domain.hasSuffix(".") ? String(domain.dropLast()) : domain).lowercased()
  }

  /// The flags that were given: name, values, and what says the same in a Corefile.
  var given: [(name: String, values: [String], corefile: String)] {
    [
      ("domain", [domain].compactMap { $0 }, "'kubernetes ZONE' in the Corefile"),
      ("bind", bind, "'bind ADDRESS' in every server block of the Corefile"),
      ("kubeconfig", [kubeconfig].compactMap { $0 }, "'kubeconfig FILE' in kubernetes"),
      ("manifests", manifests, "'manifests PATH' in kubernetes"),
    ].filter { !$0.1.isEmpty }
  }
}

/// A word as it must stand in a Corefile to be read as itself.
enum CorefileWord {
  /// Nil for a word that no spelling gives: quotation marks know the one escape `\"`, and a
  /// reference to the environment is replaced inside them, too.
  static func spelling(_ word: String) -> String? {
    let isPlain = word.utf8.allSatisfy { octet in
      (0x30...0x39).contains(octet) || (0x61...0x7A).contains(octet | 0x20)
        || "-_./:%+@=".utf8.contains(octet)
    }
    if isPlain, !word.isEmpty { return word }
    let isControl = word.unicodeScalars.contains { $0.properties.generalCategory == .control }
    guard !isControl, !word.contains("{$"), !word.contains("{%"), !word.contains("\\\""),
      !word.hasSuffix("\\")
    else { return nil }
    return "\"" + word.replacing("\"", with: "\\\"") + "\""
  }
}
