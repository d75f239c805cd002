import Config
import Glibc
import Serving

/// What the program does; each returns the exit status.
enum Command {
  /// Reads the configuration, prints the plan on standard output and diagnostics on standard error.
  static func check(_ arguments: Arguments) -> Int32 {
    guard let configuration = load(source(arguments)).configuration else { return 1 }
    print(EffectivePlan.describe(configuration), terminator: "")
    return 0
  }

  /// Reads the configuration, prints the Corefile that it is or equals on standard output and
  /// diagnostics on standard error.
  static func convert(_ arguments: Arguments) -> Int32 {
    let result = load(source(arguments))
    guard result.configuration != nil, let corefile = result.corefile else { return 1 }
    print(corefile, terminator: corefile.isEmpty || corefile.hasSuffix("\n") ? "" : "\n")
    return 0
  }

  /// Serves until a signal.
  static func serve(_ arguments: Arguments) -> Int32 {
    ProcessSetup.apply()
    let source = source(arguments)
    let loaded = load(source)
    guard loaded.configuration != nil else { return 1 }
    do {
      let server = try Server(
        loaded, from: source,
        options: ServerOptions(
          directory: directory(of: loaded.sources.first), isQuiet: arguments.isQuiet))
      try server.open()
      // Not before the ports are ours: the file of a server that runs must stay as it is.
      try writePIDFile(arguments.pidFile)
      defer { if let path = arguments.pidFile { _ = unsafe unlink(path) } }
      try server.serve()
      return 0
    } catch let problem as StartError {
      Terminal.complain(problem.description)
    } catch {
      Terminal.complain("\(error)")
    }
    return 1
  }

  private static func source(_ arguments: Arguments) -> ConfigurationSource {
    ConfigurationSource(
      path: arguments.configuration,
      options: LoadOptions(defaultPort: arguments.port, cluster: cluster(arguments.cluster)))
  }

  private static func load(_ source: ConfigurationSource) -> LoadedConfiguration {
    let loaded = source.load()
    for diagnostic in loaded.diagnostics { Terminal.complain(diagnostic.description) }
    return loaded
  }

  /// The flags with their paths absolute: in the Corefile that comes of them a relative one would be
  /// below its own folder.
  private static func cluster(_ flags: ClusterFlags) -> ClusterFlags {
    var flags = flags
    flags.kubeconfig = flags.kubeconfig.map(absolute)
    flags.manifests = flags.manifests.map(absolute)
    return flags
  }

  /// The folder that a file lies in, absolute.
  private static func directory(of file: String?) -> String {
    let path = absolute(file ?? "")
    let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    return folder.isEmpty ? "/" : folder
  }

  /// A path seen from the current directory.
  private static func absolute(_ path: String) -> String {
    if path.hasPrefix("/") { return path }
    let current = unsafe getcwd(nil, 0)
    defer { unsafe free(current) }
    let here = unsafe current.map { unsafe String(cString: $0) } ?? "."
    return here == "/" ? here + path : here + "/" + path
  }

  private static func writePIDFile(_ path: String?) throws(Arguments.Problem) {
    guard let path else { return }
    let text = "\(getpid())\n"
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    defer { close(descriptor) }
    guard descriptor >= 0, unsafe write(descriptor, text, text.utf8.count) == text.utf8.count else {
      throw Arguments.Problem(
        description: "error: pidfile \(path): \(unsafe String(cString: strerror(errno)))")
    }
  }
}

/// Standard error.
enum Terminal {
  static func complain(_ text: String) {
    let line = text.hasSuffix("\n") ? text : text + "\n"
    _ = unsafe write(STDERR_FILENO, line, line.utf8.count)
  }
}
