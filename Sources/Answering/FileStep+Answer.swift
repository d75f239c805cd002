import Wire
import Zones

extension FileStep {
  /// Answers from a master file's zone; false where the name is in none, or is passed on.
  func answer(
    _ name: borrowing QueryName, _ reply: inout Reply, _ writer: inout MessageWriter
  ) -> Bool {
    guard let index = zones.find(name) else { return false }
    guard let zone = zone(index) else {
      reply.code = .serverFailure
      reply.error = ExtendedError(
        code: ExtendedError.notReady, text: "file: the zone has not been read yet")
      return true
    }
    let isFirst = reply.namePlace == Query.headerOctets
    guard let asked = writer.name(at: reply.namePlace) else { return false }
    let answer = zone.lookup(
      asked, type: reply.query.type, dnssecOK: reply.query.edns?.dnssecOK ?? false)
    if isFirst, answer.kind == .nameError, answer.answer.isEmpty, fallThrough.covers(name) {
      return false
    }
    if answer.isAuthoritative { writer.setAuthoritative() }
    reply.code = answer.rcode
    // A target below a zone cut comes with its referral: there is nothing more to find here.
    let isOpen = answer.kind == .alias && answer.authority.isEmpty
    let target = isOpen ? answer.unresolvedTarget : nil
    guard put(answer.answer, to: target, &reply, &writer),
      put(answer.authority, in: .authority, &writer)
    else {
      writer.setTruncated()
      return true
    }
    // Glue of a referral is required (RFC 9471 §3); other additional records are not.
    if !put(answer.additional, in: .additional, &writer), answer.kind == .delegation {
      writer.setTruncated()
    }
    return true
  }

  /// The answer section. The CNAME that leads to `target` keeps its RDATA uncompressed: the lookup
  /// goes on with the name as it stands there.
  private func put(
    _ rrsets: [RRset], to target: DomainName?, _ reply: inout Reply, _ writer: inout MessageWriter
  ) -> Bool {
    for rrset in rrsets {
      if rrset.type == .cname, let target, let rdata = rrset.rdata.first, rdata == target.octets {
        guard
          writer.putRecord(
            owner: rrset.owner, type: .cname, ttl: rrset.ttl, rdata: rdata, in: .answer,
            compressesData: false)
        else { return false }
        reply.setAlias(
          writer.count - rdata.count, count: rrsets.count { $0.type == .cname })
      } else {
        guard put([rrset], in: .answer, &writer, rotation: reply.rotation) else { return false }
      }
    }
    return true
  }

  /// Records of RRsets, as many as fit; false where one did not. Addresses begin at a place of
  /// their set that `rotation` gives.
  private func put(
    _ rrsets: [RRset], in section: MessageWriter.Section, _ writer: inout MessageWriter,
    rotation: UInt64 = 0
  ) -> Bool {
    for rrset in rrsets {
      let isAddress = rrset.type == .a || rrset.type == .aaaa
      let first = isAddress ? Rotation.first(of: rrset.rdata.count, rotation) : 0
      for rdata in rrset.rdata[first...] + rrset.rdata[..<first] {
        guard
          writer.putRecord(
            owner: rrset.owner, type: rrset.type, ttl: rrset.ttl, rdata: rdata, in: section)
        else { return false }
      }
    }
    return true
  }
}
