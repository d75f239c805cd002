import COpenSSL

/// Why TLS cannot be used: a sentence that names the file, or what the other side did.
public struct TLSError: Error, Hashable, Sendable, CustomStringConvertible {
  public var description: String

  public init(_ description: String) {
    self.description = description
  }

  /// `what`, and the first of the reasons that OpenSSL has queued, which is the cause of the others.
  static func queued(_ what: String) -> TLSError {
    let code = ERR_get_error()
    ERR_clear_error()
    // ERR_SYSTEM_ERROR(code): of the kernel, an errno below the flag.
    if code & 0x8000_0000 != 0 {
      return TLSError("\(what): \(IOError.text(Int32(code & 0x7FFF_FFFF)))")
    }
    guard code != 0, let text = unsafe ERR_reason_error_string(code) else {
      return TLSError(what)
    }
    return TLSError("\(what): \(unsafe String(cString: text))")
  }
}
