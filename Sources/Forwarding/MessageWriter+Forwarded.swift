public import Wire

/// How the TTLs of an answer are given: its own, held between two bounds, less the seconds that it
/// has been kept.
public struct TTLRule: Hashable, Sendable {
  /// Seconds since the answer came.
  public var elapsed: UInt32
  public var least: UInt32
  public var most: UInt32

  @inlinable
  public init(elapsed: UInt32 = 0, least: UInt32 = 0, most: UInt32 = .max) {
    self.elapsed = elapsed
    self.least = least
    self.most = most
  }

  /// Every TTL is `seconds`.
  @inlinable
  public static func fixed(_ seconds: UInt32) -> TTLRule {
    TTLRule(least: seconds, most: seconds)
  }

  /// What a TTL is given as, at least 0.
  @inlinable @inline(__always)
  public func callAsFunction(_ ttl: UInt32) -> UInt32 {
    let held = max(least, min(most, ttl))
    return held > elapsed ? held &- elapsed : 0
  }
}

extension MessageWriter {
  /// Adds the records of a forwarded answer and counts them.
  ///
  /// Flags and RCODE are the caller's, ``AnswerHeader/flags`` and ``AnswerHeader/code`` among
  /// them; only TC is set here, where the answer has it or records do not fit. Copies the records where the answer's question is the message's
  /// and nothing follows it; otherwise writes each anew, which allocates.
  ///
  /// - Parameters:
  ///   - place: where the answer's question stands uncompressed in the message: 12, or the target
  ///     of the last CNAME.
  ///   - rotation: a number whose remainder says with which address the set begins; nil to leave
  ///     the order as it is.
  /// - Returns: whether all records fit; if not, those before the first that did not are written
  ///   and TC is set (RFC 2181 §9: all that is kept of an answer is required).
  @discardableResult
  public mutating func put(
    _ view: AnswerView, ttl: TTLRule, name place: Int, rotation: UInt64?
  ) -> Bool {
    if view.header.isTruncated { setTruncated() }
    guard place == Query.headerOctets, let end = octets.endOfName(at: place), end + 4 == count
    else { return putAnew(view, ttl: ttl, name: place, rotation: rotation) }
    let order = RunOrder(view.header, rotation)
    let total = Int(view.header.recordOctets)
    guard hasRoom(total) else { return putFitting(view, ttl, order) }
    let start = count
    put(view.octets[0..<order.place])
    put(view.octets[order.split..<order.end])
    put(view.octets[order.place..<order.split])
    put(view.octets[order.end..<total])
    // Rotated records are of one size, so that TTLs stand where they stood.
    for index in 0..<Int(view.header.ttlCount) {
      let place = start &+ view.ttlPlace(index)
      set32(place, ttl(octets.u32(place)))
    }
    count(.answer, Int(view.header.answerCount))
    count(.authority, Int(view.header.authorityCount))
    return true
  }

  /// Copies the records that fit.
  private mutating func putFitting(
    _ view: AnswerView, _ ttl: TTLRule, _ order: RunOrder
  ) -> Bool {
    for index in 0..<Int(view.header.ttlCount) {
      let record = view.recordRange(index)
      guard hasRoom(record.count) else {
        setTruncated()
        return false
      }
      let ttlPlace = count + view.ttlPlace(index) - record.lowerBound
      let from = order.source(of: record.lowerBound)
      put(view.octets[from..<(from + record.count)])
      set32(ttlPlace, ttl(octets.u32(ttlPlace)))
      count(index < Int(view.header.answerCount) ? .answer : .authority, 1)
    }
    return true
  }

  /// Writes each record with its names as this message can have them.
  private mutating func putAnew(
    _ view: AnswerView, ttl: TTLRule, name place: Int, rotation: UInt64?
  ) -> Bool {
    guard let name = name(at: place) else { return false }
    let order = RunOrder(view.header, rotation)
    // The answer's own message: its question's name at 12, TYPE and CLASS, the records.
    let head = [UInt8](repeating: 0, count: Query.headerOctets)
    let message = head + name.octets + [0, 0, 0, 0] + view.records.array
    let start = message.count - Int(view.header.recordOctets)
    return message.withOctets { message in
      for index in 0..<Int(view.header.ttlCount) {
        let section: Section = index < Int(view.header.answerCount) ? .answer : .authority
        let from = order.source(of: view.recordRange(index).lowerBound)
        guard let record = message.record(at: start + from),
          let owner = message.name(at: record.owner),
          let rdata = message.uncompressedData(of: record),
          putRecord(
            owner: owner, type: record.type, ttl: ttl(record.ttl), rdata: rdata, in: section)
        else {
          setTruncated()
          return false
        }
      }
      return true
    }
  }
}

extension AnswerView {
  /// Where record number `index` stands; each has one TTL.
  fileprivate func recordRange(_ index: Int) -> Range<Int> {
    (index == 0 ? 0 : endOfRecord(index - 1))..<endOfRecord(index)
  }

  /// RDLENGTH and RDATA follow the TTL.
  private func endOfRecord(_ index: Int) -> Int {
    let place = ttlPlace(index)
    return place + 6 + Int(octets.u16(place + 4))
  }
}

/// Where a rotated set of addresses stands among an answer's records, and where it is cut in two.
private struct RunOrder {
  let place: Int
  let split: Int
  let end: Int

  init(_ header: AnswerHeader, _ rotation: UInt64?) {
    let count = UInt64(header.runCount)
    let size = Int(header.runSize)
    place = Int(header.runPlace)
    end = place &+ Int(count) &* size
    // As likely for every address, without a division.
    let first = rotation.map { $0.multipliedFullWidth(by: count).high } ?? 0
    split = place &+ Int(first) &* size
  }

  /// What is to be given where the record at `at` stands.
  func source(of at: Int) -> Int {
    guard at >= place, at < end else { return at }
    let shifted = at + split - place
    return shifted < end ? shifted : shifted - (end - place)
  }
}
