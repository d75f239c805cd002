import Wire

/// An upstream with its weaknesses, and the way to it.
struct ModelUpstream {
  enum State {
    case up
    /// Nothing comes back.
    case silent
    /// ICMP, or a refused connect.
    case refusing
  }

  var state = State.up
  /// In a thousand datagrams, each way; of a second delivery.
  var loss: UInt64 = 0
  var duplication: UInt64 = 0
  /// Milliseconds one way, and what is added at random: more of it reorders.
  var delay: UInt64 = 1
  var jitter: UInt64 = 0
  var lacksEDNS = false
  /// Its FORMERR is a header alone.
  var omitsQuestion = false
  var foldsCase = false
  var speaksCookies = false
  /// Answers BADCOOKIE to a query without its cookie.
  var demandsCookie = false
  var hasTCP = true
  /// Of a hundred datagrams.
  var truncates: UInt64 = 0

  static func random(_ numbers: inout SeededNumbers) -> ModelUpstream {
    func often(_ percent: UInt64) -> Bool { numbers.next() % 100 < percent }
    var upstream = ModelUpstream()
    if often(50) { upstream.loss = numbers.next() % 300 }
    if often(50) { upstream.duplication = numbers.next() % 300 }
    upstream.delay = often(80) ? 1 + numbers.next() % 30 : numbers.next() % 1_500
    upstream.jitter = often(50) ? numbers.next() % 20 : numbers.next() % 400
    upstream.lacksEDNS = often(15)
    upstream.omitsQuestion = often(50)
    upstream.foldsCase = often(15)
    upstream.speaksCookies = often(40)
    upstream.demandsCookie = often(30)
    upstream.hasTCP = often(80)
    if often(40) { upstream.truncates = numbers.next() % 100 }
    return upstream
  }

  /// What it says to a query, with `address` where it says something of the name.
  func reply(
    to query: SentQuery, isStream: Bool, address: UInt32, _ numbers: inout SeededNumbers
  ) -> Reply {
    var reply = Reply(address: address)
    reply.isFolded = foldsCase
    reply.hasEDNS = query.hasEDNS && !lacksEDNS
    if query.hasEDNS, lacksEDNS {
      reply.code = 1
      reply.lacksQuestion = omitsQuestion
      return reply
    }
    if query.hasEDNS, speaksCookies {
      reply.cookie = .server(7)
      let known = query.cookie.dropFirst(8).elementsEqual([UInt8](repeating: 7, count: 8))
      if demandsCookie, !known, !isStream {
        reply.code = 23
        return reply
      }
    }
    reply.isTruncated = !isStream && numbers.next() % 100 < truncates
    reply.isPart = numbers.next() % 2 == 0
    return reply
  }
}
