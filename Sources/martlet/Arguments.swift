import Config

/// The command line: CoreDNS's flags, with one dash or two, `=` or a space before a value.
struct Arguments {
  var configuration: String?
  var port: UInt16 = 53
  var pidFile: String?
  var isQuiet = false
  /// Paths in it are as given, relative to the current directory.
  var cluster = ClusterFlags()

  enum Request {
    case serve(Arguments)
    case check(Arguments)
    case convert(Arguments)
    case version
    case plugins
    case help
  }

  /// What is wrong with the command line.
  struct Problem: Error, CustomStringConvertible {
    var description: String
  }

  private static let flagsWithValue = [
    "conf", "dns.port", "p", "pidfile", "domain", "bind", "kubeconfig", "manifests",
  ]
  private static let flags = flagsWithValue + ["plugins", "quiet", "version", "help", "h"]
  private static let commands = ["check", "convert"]

  /// Reads what follows the program's name.
  static func read(_ words: some Sequence<String>) -> Result<Request, Problem> {
    var arguments = Arguments()
    var rest = Array(words)[...]
    var command: String?
    if let first = rest.first, !first.hasPrefix("-") {
      guard commands.contains(first) else { return .failure(unknown(first)) }
      command = first
      rest = rest.dropFirst()
    }
    var answer: Request?
    while let word = rest.popFirst() {
      guard word.hasPrefix("-"), word != "-", word != "--" else {
        guard command == "convert", arguments.configuration == nil, !word.isEmpty else {
          return .failure(unknown(word))
        }
        arguments.configuration = word
        continue
      }
      let stripped = word.drop { $0 == "-" }
      let name = String(stripped.prefix { $0 != "=" })
      var value = stripped.contains("=") ? String(stripped.dropFirst(name.count + 1)) : nil
      switch name {
      case "help", "h": answer = answer ?? .help
      case "version": answer = answer ?? .version
      case "plugins": answer = answer ?? .plugins
      case "quiet": arguments.isQuiet = value != "false"
      case _ where flagsWithValue.contains(name):
        value = value ?? rest.popFirst()
        guard let value else {
          return .failure(Problem(description: "flag -\(name) needs a value"))
        }
        if let problem = arguments.set(name, value) { return .failure(problem) }
      default:
        return .failure(
          Problem(
            description: "flag provided but not defined: -\(name)\(suggestion(name, flags, "-"))"))
      }
    }
    if let problem = arguments.cluster.problem { return .failure(problem) }
    if let answer { return .success(answer) }
    switch command {
    case "check": return .success(.check(arguments))
    case "convert": return .success(.convert(arguments))
    default: return .success(.serve(arguments))
    }
  }

  private mutating func set(_ name: String, _ value: String) -> Problem? {
    switch name {
    case "conf": configuration = value
    case "pidfile": pidFile = value
    case "domain": cluster.domain = value
    case "kubeconfig": cluster.kubeconfig = value
    case "manifests": cluster.manifests.append(value)
    case "bind":
      cluster.bind += value.split(separator: ",", omittingEmptySubsequences: false)
        .map(String.init)
    default:
      guard let number = UInt16(value), number > 0 else {
        return Problem(
          description: "invalid value \"\(value)\" for flag -\(name): a port is 1 to 65535")
      }
      port = number
    }
    return nil
  }

  private static func unknown(_ word: String) -> Problem {
    Problem(description: "extra command line arguments: [\(word)]\(suggestion(word, commands, ""))")
  }

  private static func suggestion(_ word: String, _ known: [String], _ mark: String) -> String {
    nearest(word, among: known).map { "; did you mean '\(mark)\($0)'?" } ?? ""
  }

  // MARK: - Texts

  static let help = """
    martlet – the DNS server of a cluster

    Usage:
      martlet [flags]          serve
      martlet check [flags]    check the configuration and print each block's plan
      martlet convert [flags] [FILE]
                               print the Corefile that a ConfigMap equals

    Flags:
      -conf FILE     Corefile, ConfigMap object (JSON or YAML), or directory of a mounted ConfigMap,
                     of CoreDNS or kube-dns
                     (default: ./Corefile, else a server that answers with whoami)
      -dns.port N    port of server blocks that name none (default 53); also -p
      -pidfile FILE  write the process's number there
      -plugins       list the plugins
      -quiet         say nothing about the start
      -version       print the version
      -help          print this

    Flags beside a ConfigMap of kube-dns; a Corefile says these things itself:
      -domain NAME      the cluster domain (default cluster.local)
      -bind ADDRESS     where to listen (default everywhere); repeatable, or with commas
      -kubeconfig FILE  the cluster to follow (default: the one around)
      -manifests PATH   objects from files instead of a cluster; repeatable

    Exit status: 0 ended as asked, 1 the configuration or an address is at fault, 2 usage.
    """

  /// As CoreDNS prints it.
  static var pluginList: String {
    """
    Server types:
      dns

    Caddyfile loaders:
      flag
      default

    Other plugins:
    \(PluginOrder.supported.sorted().map { "  dns.\($0)" }.joined(separator: "\n"))
    """
  }
}

extension ClusterFlags {
  /// What is wrong with the values, or with having them side by side.
  fileprivate var problem: Arguments.Problem? {
    let values =
      [("domain", domain), ("kubeconfig", kubeconfig)].compactMap { name, value in
        value.map { (name, $0) }
      } + bind.map { ("bind", $0) } + manifests.map { ("manifests", $0) }
    for (name, value) in values {
      if let complaint = Self.complaint(of: name, value: value) {
        return Arguments.Problem(
          description: "invalid value \"\(value)\" for flag -\(name): \(complaint)")
      }
    }
    guard kubeconfig != nil, !manifests.isEmpty else { return nil }
    return Arguments.Problem(
      description: "-kubeconfig and -manifests both say where objects come from: give one")
  }
}
