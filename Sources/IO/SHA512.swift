import COpenSSL

/// SHA-512, for saying in a line which text is meant.
public enum SHA512 {
  /// The digest as 128 lower-case hexadecimal digits.
  public static func hexadecimal(of octets: some Sequence<UInt8>) -> String {
    let octets = Array(octets)
    var digest = [UInt8](repeating: 0, count: 64)
    // Fails only where OpenSSL has no memory or was built without SHA-2.
    let result = unsafe EVP_Digest(octets, octets.count, &digest, nil, EVP_sha512(), nil)
    precondition(result == 1, "EVP_Digest failed")
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
