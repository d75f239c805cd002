import CCurl
import CLinux
import Glibc

/// What libcurl is told of a transfer before it begins.
extension HTTPTransfer {
  /// Name, TCP and TLS: a server that is there takes milliseconds.
  static let connectSecondsLimit = 10
  /// A peer that acknowledges nothing for so long is dead; a watch without events is not, the
  /// kernel's probes find out.
  static let deadPeerSeconds: Int32 = 30
  /// Silence before the first probe, seconds between probes, and how many may stay unanswered.
  static let keepalive: (idle: Int32, interval: Int32, count: Int32) = (10, 5, 4)
  /// Octets of one read from the socket. Each running transfer has such a buffer, and larger ones
  /// save nothing: libcurl hands out 16 KiB at a time, and a TLS record has no more.
  static let receiveBuffer = 32 << 10

  func setCalls() {
    let context = unsafe Unmanaged.passUnretained(self).toOpaque()
    // SAFETY: HTTPConnections holds self until libcurl has let go of the handle.
    unsafe set(CURLOPT_PRIVATE, pointer: context)
    unsafe set(CURLOPT_ERRORBUFFER, pointer: errorText)
    unsafe set(CURLOPT_HEADERDATA, pointer: context)
    unsafe set(CURLOPT_WRITEDATA, pointer: context)
    check(
      unsafe martlet_easy_set_write(easy, CURLOPT_HEADERFUNCTION) { octets, size, count, context in
        let transfer = unsafe Unmanaged<HTTPTransfer>.fromOpaque(context!).takeUnretainedValue()
        let line = unsafe UnsafeRawBufferPointer(start: octets, count: size * count)
        return unsafe transfer.receiveHeader(line) ? size * count : HTTPTransfer.refused
      })
    check(
      unsafe martlet_easy_set_write(easy, CURLOPT_WRITEFUNCTION) { octets, size, count, context in
        let transfer = unsafe Unmanaged<HTTPTransfer>.fromOpaque(context!).takeUnretainedValue()
        let body = unsafe UnsafeRawBufferPointer(start: octets, count: size * count)
        return unsafe transfer.receiveBody(body) ? size * count : HTTPTransfer.refused
      })
    check(
      unsafe martlet_easy_set_sockopt(easy) { _, descriptor, _ in
        HTTPTransfer.prepareSocket(descriptor)
        return CURL_SOCKOPT_OK
      })
  }

  private static let refused = Int(CURL_WRITEFUNC_ERROR)

  func setTransport() {
    set(CURLOPT_NOSIGNAL, 1)
    // Else dropping a transfer would wait for the thread that looks its name up.
    set(CURLOPT_QUICK_EXIT, 1)
    set(CURLOPT_PROTOCOLS_STR, "http,https")
    set(CURLOPT_CONNECTTIMEOUT, Self.connectSecondsLimit)
    set(CURLOPT_BUFFERSIZE, Self.receiveBuffer)
    set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
  }

  func setSecurity(_ configuration: HTTPClientConfiguration) {
    set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    set(CURLOPT_PROXY_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    set(CURLOPT_SSL_VERIFYPEER, 1)
    set(CURLOPT_SSL_VERIFYHOST, 2)
    if case .pem(let certificates) = configuration.authority {
      // The file gives way to the octets, the directory would be searched as well.
      set(CURLOPT_CAPATH, nil)
      set(CURLOPT_CAINFO_BLOB, octets: certificates)
    }
    if let certificate = configuration.certificate {
      set(CURLOPT_SSLCERT_BLOB, octets: certificate)
    }
    if let key = configuration.key { set(CURLOPT_SSLKEY_BLOB, octets: key) }
  }

  func setRequest(_ request: HTTPClientRequest, _ configuration: HTTPClientConfiguration) {
    var headers = request.headers
    if let name = configuration.serverName, var address = HTTPAddress(request.url),
      address.scheme == "https"
    {
      // libcurl verifies the URL's host, so that is the name, and the way there is told apart.
      headers.insert(("Host", address.hostHeader), at: 0)
      let way = "::\(address.host):\(address.port)"
      address.host = name
      set(CURLOPT_URL, address.url)
      unsafe connectTo = curl_slist_append(nil, way)
      unsafe set(CURLOPT_CONNECT_TO, pointer: connectTo)
    } else {
      set(CURLOPT_URL, request.url)
    }
    // On plain connections there is nothing to wait for: they carry one transfer at a time.
    set(CURLOPT_PIPEWAIT, request.url.lowercased().hasPrefix("https:") ? 1 : 0)
    if request.needsConnection { set(CURLOPT_FRESH_CONNECT, 1) }
    set(CURLOPT_USERAGENT, configuration.userAgent)
    if request.acceptsGzip { set(CURLOPT_ACCEPT_ENCODING, "gzip") }
    if let proxy = configuration.proxy {
      set(CURLOPT_PROXY, proxy)
      // One that is named is meant for every host.
      set(CURLOPT_NOPROXY, "")
    }
    for header in headers { append(header) }
    unsafe set(CURLOPT_HTTPHEADER, pointer: headerList)
  }

  private func append(_ header: (name: String, value: String)) {
    guard !(header.name + header.value).utf8.contains(where: { $0 == 0 || $0 == 10 || $0 == 13 })
    else {
      setUpFailure = HTTPClientFailure(.other, "header \(header.name) has a line break or NUL")
      return
    }
    // libcurl takes "Name:" for the wish to leave a header of its own out.
    let line = header.value.isEmpty ? "\(header.name);" : "\(header.name): \(header.value)"
    guard let list = unsafe curl_slist_append(headerList, line) else {
      preconditionFailure("curl_slist_append: out of memory")
    }
    unsafe headerList = list
  }

  private func set(_ option: CURLoption, _ value: Int) {
    check(unsafe martlet_easy_set_long(easy, option, value))
  }

  private func set(_ option: CURLoption, _ text: String?) {
    check(unsafe martlet_easy_set_text(easy, option, text))
  }

  private func set(_ option: CURLoption, octets: [UInt8]) {
    check(
      unsafe octets.withUnsafeBytes {
        unsafe martlet_easy_set_blob(easy, option, $0.baseAddress, $0.count)
      })
  }

  private func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer?) {
    check(unsafe martlet_easy_set_pointer(easy, option, pointer))
  }

  private func check(_ code: CURLcode) {
    guard code != CURLE_OK, setUpFailure == nil else { return }
    setUpFailure = HTTPClientFailure(.other, "\(url): \(HTTPClientFailure.text(code))")
  }

  /// A small request must not wait for the ACK of one before, a dead peer must be noticed, and a
  /// child process has no business with the connection.
  private static func prepareSocket(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    let rows: [(level: Int32, option: Int32, value: Int32)] = [
      (Int32(IPPROTO_TCP), TCP_NODELAY, 1),
      (SOL_SOCKET, SO_KEEPALIVE, 1),
      (Int32(IPPROTO_TCP), TCP_KEEPIDLE, keepalive.idle),
      (Int32(IPPROTO_TCP), TCP_KEEPINTVL, keepalive.interval),
      (Int32(IPPROTO_TCP), TCP_KEEPCNT, keepalive.count),
      (Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, deadPeerSeconds * 1_000),
    ]
    for row in rows {
      var value = row.value
      // A kernel that lacks one is no reason not to connect.
      _ = unsafe setsockopt(
        descriptor, row.level, row.option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
  }
}
