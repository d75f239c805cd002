import Answering
import Foundation
import Testing
import Wire

/// Whatever comes in, the reply is one that the rules for headers, sizes and transports allow.
@Suite struct MutationTests {
  /// Messages in an ordinary run; MARTLET_LONG_TESTS makes it ten million.
  static let count =
    ProcessInfo.processInfo.environment["MARTLET_LONG_TESTS"] == nil ? 500_000 : 10_000_000
  /// Seconds after which an ordinary run is content with what it has seen.
  static let patience: Duration = .seconds(
    ProcessInfo.processInfo.environment["MARTLET_LONG_TESTS"] == nil ? 20 : 3_000)

  @Test func `mutated messages get well-formed replies, alike over UDP and TCP`() throws {
    let seed = UInt64(ProcessInfo.processInfo.environment["MARTLET_SEED"] ?? "") ?? 20_261_121
    var mutator = Mutator(seed: seed)
    var udp = try ResponderBench(.udp)
    var tcp = try ResponderBench(.tcp)
    var replies = 0
    let start = ContinuousClock.now
    for round in 0..<Self.count {
      if round % 1024 == 0, ContinuousClock.now - start > Self.patience { break }
      let message = mutator.next()
      let overUDP = udp.reply(to: message)
      let overTCP = tcp.reply(to: message)
      replies += overUDP == nil ? 0 : 1
      if let fault = Self.fault(message, udp: overUDP, tcp: overTCP) {
        Issue.record("\(fault); seed \(seed), round \(round), message \(message)")
        return
      }
    }
    #expect(replies > 1000)
  }

  @Test(arguments: ResponderBench.names)
  func `every name and type gets a well-formed reply, alike over UDP and TCP`(
    name: String
  ) throws {
    var udp = try ResponderBench(.udp)
    var tcp = try ResponderBench(.tcp)
    for type in Mutator.types {
      for edns in Mutator.ednsRecords {
        let message = Mutator.query(name, type, edns)
        let fault = Self.fault(message, udp: udp.reply(to: message), tcp: tcp.reply(to: message))
        #expect(fault == nil, "\(name) \(type) \(edns)")
      }
    }
  }

  /// What is wrong with a pair of replies; nil if nothing.
  static func fault(_ message: [UInt8], udp: [UInt8]?, tcp: [UInt8]?) -> String? {
    let isSilent = message.count < 12 || message[2] & 0x80 != 0
    guard (udp == nil) == isSilent, (tcp == nil) == isSilent else { return "silence" }
    guard let udp, let tcp else { return nil }
    guard let small = ReplyShape(udp), let large = ReplyShape(tcp) else { return "malformed" }
    var name = QueryName()
    var asked: Query?
    message.withOctets { if case .query(let query) = Query.read($0, name: &name) { asked = query } }
    return faultOfHeader(message, small, asked) ?? faultOfHeader(message, large, asked)
      ?? faultOfSize(udp, small, asked) ?? faultBetween(small, large)
  }

  private static func faultOfHeader(
    _ message: [UInt8], _ reply: ReplyShape, _ asked: Query?
  ) -> String? {
    let flags = UInt16(message[2]) << 8 | UInt16(message[3])
    if reply.id != UInt16(message[0]) << 8 | UInt16(message[1]) { return "ID" }
    if reply.flags & 0x8000 == 0 { return "QR" }
    if (reply.flags ^ flags) & 0x7900 != 0 { return "opcode or RD" }
    if reply.flags & 0x00E0 != 0 { return "RA, Z or AD" }
    guard let asked else {
      if reply.counts != [0, 0, 0, 0] || reply.options != nil { return "more than a header" }
      return [1, 4].contains(reply.responseCode) ? nil : "RCODE of a malformed message"
    }
    if (reply.flags ^ flags) & 0x0010 != 0 { return "CD" }
    if reply.counts[0] != 1 { return "question" }
    if (reply.options != nil) != (asked.edns != nil) { return "OPT" }
    return nil
  }

  private static func faultOfSize(_ udp: [UInt8], _ reply: ReplyShape, _ asked: Query?) -> String? {
    let limit = min(max(512, Int(asked?.edns?.size ?? 512)), ResponderBench.bufferSize)
    if udp.count > limit { return "longer than \(limit)" }
    if let stated = reply.statedSize, stated != limit { return "states \(stated)" }
    return nil
  }

  private static func faultBetween(_ udp: ReplyShape, _ tcp: ReplyShape) -> String? {
    if tcp.isTruncated { return "TC over TCP" }
    if (udp.flags ^ tcp.flags) & ~0x0200 != 0 { return "flags differ" }
    if udp.statedSize != tcp.statedSize { return "stated sizes differ" }
    if udp.counts[1] > tcp.counts[1] { return "more answers over UDP" }
    // Without TC only glue may be missing.
    if !udp.isTruncated, udp.counts[..<3] != tcp.counts[..<3] { return "sections differ" }
    return nil
  }
}
