/// A request under way.
struct Exchange {
  let request: APIRequest
  /// The reflector that it is for; nil for a probe.
  let owner: Int?
  let server: Int
  let sentAt: UInt64
  var lastOctet: UInt64
  /// Since when it is nothing but a watch: the end of its list, where it began with one.
  var watchesSince: UInt64
  var head: APIResponseHead?
  /// A list is to come of it that is not whole yet.
  var isListing: Bool
  /// The body of an answer that is an error, as far as it is kept.
  private(set) var errorBody: [UInt8] = []

  /// A Status is a few hundred octets; a proxy's page may be longer.
  private static let mostErrorOctets = 16_384

  init(request: APIRequest, owner: Int?, server: Int, sentAt: UInt64, isListing: Bool) {
    self.request = request
    self.owner = owner
    self.server = server
    self.sentAt = sentAt
    self.isListing = isListing
    lastOctet = sentAt
    watchesSince = sentAt
  }

  /// Keeps the body of an error.
  mutating func keep(_ octets: RawSpan) {
    let count = min(octets.byteCount, Self.mostErrorOctets - errorBody.count)
    unsafe octets.extracting(0..<count).withUnsafeBytes { unsafe errorBody.append(contentsOf: $0) }
  }

  /// Whether it is a watch that has been granted: it may last, and is not counted as under way.
  var isEstablishedWatch: Bool { request.purpose == .watch && head?.status == 200 }
}
