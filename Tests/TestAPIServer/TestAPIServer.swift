import APIServerKit
import Glibc

/// A test API server in a process of its own: HTTP/1.1 on loopback around `APIServerModel`.
///
/// One thread and one `poll` loop. Commands come as lines on stdin and as `POST /_control`; see
/// `Control`. For HTTP/2 and TLS put `tls-front` before it.
@main
struct TestAPIServer {
  static func main() {
    signal(SIGPIPE, SIG_IGN)
    do {
      let options = try Options(CommandLine.arguments.dropFirst())
      let server = try Server(options)
      say("listening on \(server.port)")
      server.run()
    } catch {
      say("TestAPIServer: \(error)", to: STDERR_FILENO)
      exit(2)
    }
  }
}

/// What is said on the command line.
struct Options {
  /// 0 takes a free one.
  var port: UInt16 = 0
  /// Bearer tokens that are taken; none takes every request.
  var tokens: Set<String> = []
  /// Where a line is written for each event that goes to a socket.
  var writeLog: String?
  /// Whether the end of stdin ends the server, so that it cannot outlive who started it.
  var endsWithStdin = false
  var settings = APIServerSettings()

  init(_ arguments: some Sequence<String>) throws(Failure) {
    var rest = Array(arguments)[...]
    while let option = rest.popFirst() {
      switch option {
      case "--no-watch-list": settings.supportsWatchList = false
      case "--no-gzip": settings.usesGzip = false
      case "--end-with-stdin": endsWithStdin = true
      case "--port": port = try Self.number(&rest, option)
      case "--token": tokens.insert(try Self.value(&rest, option))
      case "--write-log": writeLog = try Self.value(&rest, option)
      default:
        throw Failure(
          "unknown option \(option); known: --port N, --token T, --write-log FILE, "
            + "--no-watch-list, --no-gzip, --end-with-stdin")
      }
    }
  }

  private static func value(
    _ rest: inout ArraySlice<String>, _ option: String
  ) throws(Failure) -> String {
    guard let value = rest.popFirst() else { throw Failure("\(option) takes a value") }
    return value
  }

  private static func number(
    _ rest: inout ArraySlice<String>, _ option: String
  ) throws(Failure) -> UInt16 {
    guard let number = UInt16(try value(&rest, option)) else {
      throw Failure("\(option) takes a number up to 65535")
    }
    return number
  }
}

/// A sentence about what cannot be done.
struct Failure: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }

  /// With what the kernel said.
  static func system(_ operation: String) -> Failure {
    Failure("\(operation): errno \(errno)")
  }
}

/// Writes a line at once: whoever started the server waits for it.
func say(_ line: String, to descriptor: Int32 = STDOUT_FILENO) {
  let octets = Array((line + "\n").utf8)
  _ = unsafe octets.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
}
