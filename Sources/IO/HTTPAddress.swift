import CCurl
import Glibc

/// The parts of a URL, as libcurl reads it.
@safe struct HTTPAddress: ~Copyable {
  private let handle: OpaquePointer

  /// Nil for what is no URL.
  init?(_ url: String) {
    guard let handle = unsafe curl_url() else {
      preconditionFailure("curl_url: out of memory")
    }
    guard unsafe curl_url_set(handle, CURLUPART_URL, url, 0) == CURLUE_OK else {
      unsafe curl_url_cleanup(handle)
      return nil
    }
    unsafe self.handle = handle
  }

  deinit {
    unsafe curl_url_cleanup(handle)
  }

  /// In small letters.
  var scheme: String { part(CURLUPART_SCHEME) ?? "" }
  var url: String { part(CURLUPART_URL) ?? "" }
  /// The scheme's own where the URL has none.
  var port: String { part(CURLUPART_PORT, UInt32(CURLU_DEFAULT_PORT)) ?? "" }

  /// A name or address, that of IPv6 in brackets.
  var host: String {
    get { part(CURLUPART_HOST) ?? "" }
    set { _ = unsafe curl_url_set(handle, CURLUPART_HOST, newValue, 0) }
  }

  /// What the header Host says: the port only where it is not the scheme's own.
  var hostHeader: String {
    guard let port = part(CURLUPART_PORT, UInt32(CURLU_NO_DEFAULT_PORT)) else { return host }
    return "\(host):\(port)"
  }

  private func part(_ part: CURLUPart, _ flags: UInt32 = 0) -> String? {
    var text: UnsafeMutablePointer<CChar>?
    guard unsafe curl_url_get(handle, part, &text, flags) == CURLUE_OK, let text = unsafe text
    else { return nil }
    defer { unsafe curl_free(text) }
    return unsafe String(cString: text)
  }
}
