import Forwarding
import Wire

/// A reply on its way: what the steps say about it beyond the records they have written.
struct Reply {
  let query: Query
  let peer: Peer
  var code = ResponseCode.noError
  var error: ExtendedError?
  /// Where sets of addresses begin, before taking the remainder by their size.
  var rotation: UInt64 = 0
  /// Where the name looked up stands uncompressed in the message: the question, or the target of
  /// the last CNAME.
  private(set) var namePlace = Query.headerOctets
  /// Where the target of a CNAME stands that is yet to be looked up.
  var alias: Int?
  /// CNAMEs written for this query.
  private(set) var aliasCount = 0
  private var visited = [10 of Int](repeating: 0)
  private var visitedCount = 0

  /// AD of the query: the client can make something of AD in the reply (RFC 6840 §5.7).
  let wantsAuthenticData: Bool
  /// The addresses that `families` leaves out; of both kinds where blocks of a chain differ.
  private var leavesOutA = false
  private var leavesOutAAAA = false

  init(query: Query, peer: Peer, wantsAuthenticData: Bool) {
    self.query = query
    self.peer = peer
    self.wantsAuthenticData = wantsAuthenticData
  }

  /// The UDP payload size that the reply's OPT states, on TCP too.
  private var statedSize: UInt16 = QueryPlan.defaultBufferSize

  /// Octets that the records may take: the smaller of what the client and we allow, less the OPT.
  mutating func limit(bufferSize: UInt16) -> Int {
    let requested = max(512, query.edns?.size ?? 512)
    statedSize = min(requested, max(512, bufferSize))
    let all = peer.transport == .tcp ? 65_535 : Int(statedSize)
    return query.edns == nil ? all : all - MessageWriter.optOctets - keepaliveOctets
  }

  private var keepaliveOctets: Int { keepalive == nil ? 0 : 6 }

  private var keepalive: UInt16? {
    peer.transport == .tcp && query.edns?.asksKeepalive == true ? Responder.idleSeconds * 10 : nil
  }

  /// Adds the OPT record, with the extended error where that still fits.
  mutating func finish(_ writer: inout MessageWriter) {
    if leavesOutA { removeAddresses(of: .a, &writer) }
    if leavesOutAAAA { removeAddresses(of: .aaaa, &writer) }
    guard let edns = query.edns else { return }
    var error = error
    if let reason = error, !writer.hasRoom(reason.octetCount) { error = nil }
    writer.putOPT(
      size: statedSize, code: code, dnssecOK: edns.dnssecOK, keepalive: keepalive, error: error)
  }

  /// Leaves addresses of `type` out, besides those that are left out already; nil for none.
  mutating func leaveOut(_ type: RecordType?) {
    guard let type else { return }
    if type == .a { leavesOutA = true } else { leavesOutAAAA = true }
  }

  /// `families`: the addresses that the cluster cannot use are not given (users ask for both).
  private mutating func removeAddresses(of type: RecordType, _ writer: inout MessageWriter) {
    // An answer of the family that stays has none of the other in it.
    guard query.type != (type == .a ? .aaaa : .a) else { return }
    let before = writer.octets.u16(6)
    writer.removeAddresses(of: type)
    guard writer.octets.u16(6) < before else { return }
    error =
      error
      ?? ExtendedError(
        code: ExtendedError.filtered, text: "families: addresses of the other family are left out")
  }

  // MARK: - CNAME chain

  /// Leaves the CNAME target at `place` to be looked up, unless the CNAME itself is what was asked
  /// for (RFC 1034 §4.3.2, 3a; ANY matches it).
  ///
  /// - Parameter count: CNAMEs that led there.
  mutating func setAlias(_ place: Int, count: Int) {
    aliasCount += count
    guard query.type != .cname, query.type != .any, place < MessageWriter.pointerReach else {
      return
    }
    alias = place
  }

  /// Goes on with the name at `place`.
  mutating func visit(_ place: Int) {
    if visitedCount < 10 {
      visited[visitedCount] = namePlace
      visitedCount += 1
    }
    namePlace = place
  }

  /// Whether `name` is one that the chain has been at.
  func hasVisited(_ name: borrowing QueryName, _ writer: borrowing MessageWriter) -> Bool {
    if writer.holds(name, at: namePlace) { return true }
    for index in 0..<visitedCount where writer.holds(name, at: visited[index]) { return true }
    return false
  }
}

extension MessageWriter {
  /// Whether TC is set.
  var isTruncated: Bool { octets.u16(2) & 0x0200 != 0 }

  /// Where a name may begin at the latest so that each of its labels can be pointed to
  /// (RFC 1035 §4.1.4: 14 bits).
  static let pointerReach = 0x4000 - DomainName.maximumOctets

  /// Whether the uncompressed name at `place` is `name`, spelling aside.
  fileprivate func holds(_ name: borrowing QueryName, at place: Int) -> Bool {
    let written = octets
    guard place + name.count <= written.count else { return false }
    let folded = name.octets
    for index in 0..<name.count where ASCII.folded(written[place + index]) != folded[index] {
      return false
    }
    return true
  }
}
