internal import IO

/// Reads the files that an access is made of, and remembers what they were like, so that a change
/// is seen without reading them.
struct CredentialFiles {
  /// Every path that was asked for; nil where there was no file.
  private(set) var signatures: [String: FileSignature?] = [:]

  /// Far more than any bundle of authorities, or a kubeconfig of a thousand clusters.
  static let maximumOctets = 8 << 20
  /// An API server takes no header as long as this.
  static let maximumTokenOctets = 64 << 10

  /// The contents of a file.
  ///
  /// - Throws: ``AccessError`` that begins with the path.
  mutating func read(_ path: String) throws(AccessError) -> [UInt8] {
    signatures[path] = .some(nil)
    do throws(IOFailure) {
      let reader = try FileReader(path)
      signatures[path] = reader.signature
      var octets: [UInt8] = []
      while true {
        let chunk = reader.next()
        if let failure = reader.failure { throw failure }
        if chunk.isEmpty { return octets }
        octets += chunk
        if octets.count > Self.maximumOctets { break }
      }
    } catch {
      throw AccessError("\(path): \(error.reason)")
    }
    throw AccessError("\(path): larger than \(Self.maximumOctets >> 20) MiB")
  }

  mutating func token(_ path: String) throws(AccessError) -> String {
    try Self.token(try read(path), path)
  }

  mutating func certificates(_ path: String) throws(AccessError) -> [UInt8] {
    try PEM.certificates(try read(path), path)
  }

  mutating func key(_ path: String) throws(AccessError) -> [UInt8] {
    try PEM.key(try read(path), path)
  }

  /// Whether a file is not what it was when it was read.
  var haveChanged: Bool {
    signatures.contains { FileSignature($0.key) != $0.value }
  }

  /// A token as it may stand in a header, white space around it aside.
  ///
  /// - Parameter place: where it comes from, for the error.
  static func token(_ octets: [UInt8], _ place: String) throws(AccessError) -> String {
    func isSpace(_ octet: UInt8) -> Bool { octet == 0x20 || (0x09...0x0D).contains(octet) }
    var token = octets.drop(while: isSpace)
    while let last = token.last, isSpace(last) { token.removeLast() }
    guard !token.isEmpty else { throw AccessError("\(place): the token is empty") }
    guard token.count <= maximumTokenOctets else {
      throw AccessError("\(place): the token is longer than \(maximumTokenOctets >> 10) KiB")
    }
    guard token.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw AccessError("\(place): the token holds what no header can: a space or a line's end")
    }
    return String(decoding: token, as: UTF8.self)
  }
}

/// Certificates and keys as text (RFC 7468), looked at no closer than an operator's mistakes need.
enum PEM {
  /// - Parameter place: where it comes from, for the error.
  static func certificates(_ octets: [UInt8], _ place: String) throws(AccessError) -> [UInt8] {
    guard String(decoding: octets, as: UTF8.self).contains("-----BEGIN CERTIFICATE-----") else {
      throw AccessError(
        "\(place): holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)")
    }
    return octets
  }

  /// - Parameter place: where it comes from, for the error.
  static func key(_ octets: [UInt8], _ place: String) throws(AccessError) -> [UInt8] {
    let text = String(decoding: octets, as: UTF8.self)
    guard text.contains("-----BEGIN "), text.contains("PRIVATE KEY-----") else {
      throw AccessError("\(place): holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)")
    }
    guard !text.contains("ENCRYPTED") else {
      throw AccessError(
        "\(place): the key is encrypted, and there is nobody to ask for the passphrase")
    }
    return octets
  }
}
