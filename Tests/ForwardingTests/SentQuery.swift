import Wire

/// A query as an upstream reads it.
struct SentQuery {
  let octets: [UInt8]
  /// Where the question ends.
  let end: Int

  init(_ octets: [UInt8]) {
    self.octets = octets
    var at = 12
    while octets[at] != 0 { at += Int(octets[at]) + 1 }
    end = at + 5
  }

  var name: [UInt8] { Array(octets[12..<(end - 4)]) }
  var hasEDNS: Bool { octets[11] == 1 }
  var isRecursive: Bool { octets[2] & 1 != 0 }
  var isLowerCase: Bool { name == name.map(ASCII.folded) && name.contains { $0 >= 0x61 } }

  /// The client's cookie and the server's; empty where there is none.
  var cookie: [UInt8] {
    octets.count > end + 15 ? Array(octets[(end + 15)...]) : []
  }
}

/// What an upstream, or somebody else, says to a query.
struct Reply {
  enum Cookie {
    case none
    /// The query's client cookie, then this server's.
    case server(UInt8)
    /// A client cookie that was not sent.
    case wrong
  }

  var code: UInt16 = 0
  var isTruncated = false
  /// With TC there is a record all the same.
  var isPart = false
  var hasEDNS = true
  var cookie = Cookie.none
  var isFolded = false
  var hasOtherID = false
  var hasOtherQuestion = false
  /// An error as servers older than EDNS send it: a header alone.
  var lacksQuestion = false
  /// In the one A record of a NOERROR.
  var address: UInt32 = 0xC000_0201
  /// Ends in the question.
  var isCut = false
  /// Ends in the first record.
  var isUnreadable = false

  func octets(to query: [UInt8]) -> [UInt8] {
    let sent = SentQuery(query)
    var octets = Array(query[..<sent.end])
    if hasOtherID { octets[1] ^= 1 }
    octets[2] = 0x81 | (isTruncated ? 2 : 0)
    octets[3] = 0x80 | UInt8(code & 15)
    if hasOtherQuestion { octets[13] ^= 2 }
    if isFolded {
      octets.replaceSubrange(12..<(sent.end - 4), with: sent.name.map(ASCII.folded))
    }
    guard !lacksQuestion else { return Array(octets[..<4]) + [UInt8](repeating: 0, count: 8) }
    let hasRecord = code == 0 && (!isTruncated || isPart)
    octets[7] = hasRecord ? 1 : 0
    octets[11] = hasEDNS ? 1 : 0
    if hasRecord {
      octets += [0xC0, 12] + query[(sent.end - 4)..<sent.end] + [0, 0, 0, 60, 0, 4]
      for shift in [24, 16, 8, 0] as [UInt32] {
        octets.append(UInt8(truncatingIfNeeded: address >> shift))
      }
    }
    if hasEDNS { octets += [0, 0, 41, 4, 208, UInt8(code >> 4), 0, 0, 0] + option(sent) }
    if isUnreadable { return Array(octets.prefix(sent.end + 5)) }
    return isCut ? Array(octets.prefix(sent.end - 2)) : octets
  }

  /// RDLENGTH and RDATA of the OPT record.
  private func option(_ sent: SentQuery) -> [UInt8] {
    switch cookie {
    case .none: return [0, 0]
    case .server(let octet):
      return [0, 20, 0, 10, 0, 16] + sent.cookie.prefix(8) + [UInt8](repeating: octet, count: 8)
    case .wrong:
      let client = sent.cookie.prefix(8).map { $0 ^ 1 }
      return [0, 20, 0, 10, 0, 16] + client + [UInt8](repeating: 9, count: 8)
    }
  }
}
