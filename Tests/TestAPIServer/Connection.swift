import APIServerKit
import Glibc

/// One client: requests one after the other, each answered before the next is read.
final class Connection {
  let descriptor: Int32
  /// Counts connections from 1; names this one in the write log.
  let number: Int
  private(set) var isClosed = false
  private(set) var exchange: APIExchange?
  private unowned let server: Server
  private var input: [UInt8] = []
  private var isLast = false
  private var hasHead = false

  private var output: [UInt8] = []
  private var written = 0
  /// The rest of a whole answer, framed and coded when there is room in `output`.
  private var source: [UInt8] = []
  private var sourceStart = 0
  private var coder: GzipCoder?
  /// What a watch began with, in octets on the wire.
  private var beginning = 0
  private var bodyCount = 0
  private var ending = APIExchange.End.open
  /// Where events end in all that this connection has been given to write.
  private var marks: [(end: Int, mark: APIExchange.Mark)] = []
  private var unframed: [APIExchange.Mark] = []
  private var totalWritten = 0

  /// Above this, no more of a whole answer is framed: it bounds the copy of a 40 MB list.
  private static let outputLimit = 512 * 1024
  /// What a client may leave unread of a watch before it is cut, as the real server does; what it
  /// gets of a list at the beginning comes on top.
  private static let watchLimit = 64 << 20
  private static let piece = 128 * 1024
  /// The real server's buffer: a chunk of a watch ends there, inside an event or not.
  private static let watchChunk = 2048

  init(_ descriptor: Int32, number: Int, server: Server) {
    self.descriptor = descriptor
    self.number = number
    self.server = server
  }

  /// What to wait for.
  var interest: Int16 {
    Int16(POLLIN) | (written < output.count || sourceStart < source.count ? Int16(POLLOUT) : 0)
  }

  func close() {
    guard !isClosed else { return }
    isClosed = true
    exchange = nil
    Glibc.close(descriptor)
  }

  /// Ends a watch properly, as a server does that goes away in peace.
  func endWatch() {
    guard let exchange, exchange.isWatch else { return }
    if !hasHead { writeHead(exchange, 0) }
    ending = .clean
    finish(exchange)
    flush()
    close()
  }

  // MARK: - Reading

  func receive(_ now: Nanoseconds) {
    switch Kernel.read(descriptor, into: &input) {
    case .octets: serve(now)
    case .wouldBlock: return
    case .closed: close()
    }
  }

  /// Answers what has been read, and sends what is due.
  func serve(_ now: Nanoseconds) {
    while !isClosed {
      if let exchange { pump(exchange, now) }
      flush()
      guard !isClosed, exchange == nil, written == output.count else { return }
      if isLast { return close() }
      do {
        guard let request = try HTTPRequest.take(from: &input) else { return }
        begin(request, now)
      } catch {
        output += "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8
        isLast = true
      }
    }
  }

  private func begin(_ request: HTTPRequest, _ now: Nanoseconds) {
    isLast = request.isLast
    if request.text.method == "POST", request.text.target == "/_control" {
      let reply = server.control.run(String(decoding: request.body, as: UTF8.self), now)
      output += "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n".utf8
      output += "Content-Length: \(reply.utf8.count)\r\n\r\n\(reply)".utf8
      return
    }
    guard let exchange = server.respond(to: request.text, now) else { return close() }
    exchange.recordsMarks = exchange.isWatch && server.writeLog != nil
    self.exchange = exchange
    hasHead = false
    ending = .open
    bodyCount = 0
    beginning = 0
    unframed = []
    coder = exchange.isToBeCompressed ? GzipCoder() : nil
  }

  // MARK: - Writing

  private func pump(_ exchange: APIExchange, _ now: Nanoseconds) {
    guard source.count == sourceStart else { return frameSource(exchange) }
    let octets = exchange.next(now)
    ending = exchange.end(now)
    if now < exchange.respondsFrom, ending != .cut { return }
    if !hasHead, !octets.isEmpty || ending != .open || exchange.isWatch {
      writeHead(exchange, octets.count)
      hasHead = true
    }
    if exchange.isWatch {
      frame(octets[...], limit: exchange.chunkLimit ?? Self.watchChunk)
      bodyCount += octets.count
      unframed += exchange.takeMarks()
      // A slow stream gives the octets of an event later than the event.
      let count = unframed.firstIndex { $0.end > bodyCount } ?? unframed.count
      let end = totalWritten + output.count - written
      marks += unframed[..<count].map { (end, $0) }
      unframed.removeFirst(count)
      if bodyCount == octets.count { beginning = output.count }
      if output.count - written > beginning + Self.watchLimit { return close() }
      if ending != .open { finish(exchange) }
    } else {
      source = octets
      sourceStart = 0
      frameSource(exchange)
    }
  }

  private func frameSource(_ exchange: APIExchange) {
    while sourceStart < source.count, output.count - written < Self.outputLimit {
      let end = min(source.count, sourceStart + Self.piece)
      let piece = source[sourceStart..<end]
      sourceStart = end
      let coded = coder.map { $0.code(piece, isLast: false)[...] } ?? piece
      frame(coded, limit: exchange.chunkLimit ?? Self.piece)
    }
    guard sourceStart == source.count else { return }
    source = []
    sourceStart = 0
    if ending != .open { finish(exchange) }
  }

  /// Go sends a length with short whole answers, and chunks otherwise.
  private var hasLength = false

  private func writeHead(_ exchange: APIExchange, _ count: Int) {
    hasLength =
      !exchange.isWatch && ending == .clean && count <= 2048 && exchange.chunkLimit == nil
      && coder == nil
    var head = "HTTP/1.1 \(exchange.status) \(Self.reason(exchange.status))\r\n"
    for header in exchange.headers { head += "\(header.name): \(header.value)\r\n" }
    if coder != nil { head += "Content-Encoding: gzip\r\n" }
    head += "Date: \(DateText.now)\r\n"
    if isLast { head += "Connection: close\r\n" }
    head += hasLength ? "Content-Length: \(count)\r\n\r\n" : "Transfer-Encoding: chunked\r\n\r\n"
    output += head.utf8
  }

  private func frame(_ octets: ArraySlice<UInt8>, limit: Int) {
    if hasLength {
      output += octets
      return
    }
    var rest = octets
    while !rest.isEmpty {
      let piece = rest.prefix(limit)
      rest = rest.dropFirst(limit)
      output += String(piece.count, radix: 16).utf8
      output += [13, 10]
      output += piece
      output += [13, 10]
    }
  }

  private func finish(_ exchange: APIExchange) {
    if let coder, ending == .clean {
      frame(coder.code([], isLast: true)[...], limit: exchange.chunkLimit ?? Self.piece)
    }
    self.exchange = nil
    coder = nil
    server.count(exchange.isWatch ? "watches ended" : "answers sent")
    switch ending {
    case .cut: isLast = true
    case .clean, .open: if !hasLength { output += "0\r\n\r\n".utf8 }
    }
  }

  private func flush() {
    while written < output.count, !isClosed {
      let before = Kernel.monotonic
      switch Kernel.write(descriptor, output, from: written) {
      case .octets(let count):
        written += count
        totalWritten += count
        log(before)
      case .wouldBlock: return trim()
      case .closed: close()
      }
    }
    trim()
  }

  private func trim() {
    if written == output.count {
      output.removeAll(keepingCapacity: output.capacity < 1 << 20)
      written = 0
    } else if written > 1 << 20, written > output.count / 2 {
      // Half of it at least: to move the rest for each write would cost more than to send it.
      output.removeFirst(written)
      written = 0
    }
  }

  /// Notes the events whose last octet has gone to the socket, with the time before that write:
  /// the client cannot have seen them earlier.
  private func log(_ time: Nanoseconds) {
    guard let first = marks.first, first.end <= totalWritten else { return }
    let count = marks.firstIndex { $0.end > totalWritten } ?? marks.count
    for (_, mark) in marks[..<count] { server.writeLog?.note(mark, time, connection: number) }
    marks.removeFirst(count)
  }

  private static func reason(_ status: Int) -> String {
    switch status {
    case 200: "OK"
    case 302: "Found"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 410: "Gone"
    case 422: "Unprocessable Entity"
    case 429: "Too Many Requests"
    case 500: "Internal Server Error"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    default: "Status"
    }
  }
}
