import Wire

/// The `whoami` plugin: who asked, from which port, by what.
enum Whoami {
  /// A or AAAA of the client and SRV `_<transport>.<name>` of its port in the additional section.
  static func answer(_ reply: inout Reply, _ writer: inout MessageWriter) -> Bool {
    writer.setAuthoritative()
    // It speaks of the question, not of what a CNAME leads to.
    guard reply.namePlace == Query.headerOctets else { return true }
    let peer = reply.peer
    if writer.hasRoom(28) {
      writer.putAddress(peer.address, owner: Query.headerOctets, ttl: 0, in: .additional)
    }
    // A longer owner is no name (RFC 1035 §2.3.4).
    let nameOctets = reply.query.questionEnd - 4 - Query.headerOctets
    guard nameOctets + 5 <= DomainName.maximumOctets else { return true }
    guard writer.hasRoom(7 + 10 + 7) else { return true }
    writer.put8(4)
    writer.put(peer.transport == .udp ? "_udp" : "_tcp")
    writer.putPointer(Query.headerOctets)
    writer.putFields(.srv, ttl: 0, dataCount: 7)
    writer.put16(0)
    writer.put16(0)
    writer.put16(peer.port)
    writer.put8(0)
    writer.count(.additional, 1)
    return true
  }
}
