import CCurl

/// One GET: libcurl's easy handle with its options, and the calls that it makes.
@safe final class HTTPTransfer {
  let id: Int
  private(set) weak var delegate: (any HTTPTransferDelegate)?
  let easy: UnsafeMutableRawPointer
  /// Whether the multi handle knows it.
  var isAdded = false
  private(set) var isDropped = false
  /// Why it cannot even start.
  var setUpFailure: HTTPClientFailure?

  let url: String
  let errorText: UnsafeMutablePointer<CChar>
  var headerList: UnsafeMutablePointer<curl_slist>?
  /// The list of one entry for CURLOPT_CONNECT_TO.
  var connectTo: UnsafeMutablePointer<curl_slist>?
  private var head = HTTPHeadReader()
  private var isHeadTooLarge = false
  /// Octets of the body so far, decoded.
  private var bodyOctets = 0
  private var expandsTooMuch = false

  init(
    _ id: Int, _ request: HTTPClientRequest, _ configuration: HTTPClientConfiguration,
    _ delegate: any HTTPTransferDelegate
  ) {
    Self.prepareLibrary()
    guard let easy = unsafe curl_easy_init() else {
      preconditionFailure("curl_easy_init: out of memory")
    }
    self.id = id
    self.delegate = delegate
    unsafe self.easy = easy
    url = request.url
    unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    setCalls()
    setTransport()
    setSecurity(configuration)
    setRequest(request, configuration)
  }

  deinit {
    unsafe curl_easy_cleanup(easy)
    unsafe curl_slist_free_all(headerList)
    unsafe curl_slist_free_all(connectTo)
    unsafe errorText.deallocate()
  }

  /// From here on nobody is called for it.
  func drop() {
    isDropped = true
    delegate = nil
  }

  /// The transfer that an easy handle belongs to.
  static func of(_ easy: UnsafeMutableRawPointer) -> HTTPTransfer? {
    var context: UnsafeMutableRawPointer?
    guard unsafe martlet_easy_get_pointer(easy, CURLINFO_PRIVATE, &context) == CURLE_OK,
      let context = unsafe context
    else { return nil }
    return unsafe Unmanaged<HTTPTransfer>.fromOpaque(context).takeUnretainedValue()
  }

  /// libcurl wants to be initialised once in a process.
  static func prepareLibrary() { precondition(libraryIsReady, "curl_global_init failed") }

  private static let libraryIsReady =
    curl_global_init(Int(CURL_GLOBAL_SSL | CURL_GLOBAL_WIN32)) == CURLE_OK

  // MARK: - Receiving

  func receiveHeader(_ line: UnsafeRawBufferPointer) -> Bool {
    guard let delegate else { return false }
    switch unsafe head.read(line) {
    case .more: return true
    case .tooLarge:
      isHeadTooLarge = true
      return false
    case .head(let head):
      delegate.transfer(id, received: head)
      return !isDropped
    }
  }

  func receiveBody(_ octets: UnsafeRawBufferPointer) -> Bool {
    guard let delegate else { return false }
    bodyOctets += octets.count
    if bodyOctets > Self.freeExpansion,
      bodyOctets / Self.mostExpansion > info(CURLINFO_SIZE_DOWNLOAD_T)
    {
      expandsTooMuch = true
      return false
    }
    delegate.transfer(id, received: unsafe octets.bytes)
    return !isDropped
  }

  /// Decoded octets for each one that came. Lists of objects shrink to a tenth or a thirtieth; a
  /// thousand times is what deflate can do, and libcurl decodes some 3 MiB before it lets the loop
  /// do anything else.
  static let mostExpansion = 100
  /// Octets that may come of any number: what libcurl decodes now it may not have counted yet, and
  /// that is one read.
  static let freeExpansion = receiveBuffer * 1_032

  // MARK: - The end

  /// What a result of libcurl means; nil for a complete response.
  func failure(_ result: CURLcode) -> HTTPClientFailure? {
    if isHeadTooLarge {
      return HTTPClientFailure(
        .malformed, "\(peer): the header is over \(HTTPHeadReader.octetsLimit) octets")
    }
    if expandsTooMuch {
      return HTTPClientFailure(
        .malformed, "\(peer): the body grows to over \(Self.mostExpansion) times its size")
    }
    if result == CURLE_OK {
      // libcurl takes the end of a connection within the head for the end of the response.
      return head.isDone
        ? nil : HTTPClientFailure(.cut, "\(peer): connection closed within the response's header")
    }
    let said = unsafe String(cString: errorText)
    return HTTPClientFailure(
      result, peer: peer, said: said.isEmpty ? HTTPClientFailure.text(result) : said,
      errno: Int32(clamping: info(CURLINFO_OS_ERRNO)), tunnelStatus: info(CURLINFO_HTTP_CONNECTCODE)
    )
  }

  /// `10.96.0.1:443`: where the connection went or was to go; else what the URL says.
  private var peer: String {
    var text: UnsafePointer<CChar>?
    _ = unsafe martlet_easy_get_text(easy, CURLINFO_PRIMARY_IP, &text)
    if let text = unsafe text, unsafe text[0] != 0 {
      let address = unsafe String(cString: text)
      let port = info(CURLINFO_PRIMARY_PORT)
      return address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
    guard let address = HTTPAddress(url) else { return url }
    return "\(address.host):\(address.port)"
  }

  private func info(_ info: CURLINFO) -> Int {
    var value = 0
    _ = unsafe martlet_easy_get_long(easy, info, &value)
    return value
  }
}
