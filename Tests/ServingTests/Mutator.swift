import Wire

/// Queries with something wrong in them, the same for one seed.
struct Mutator {
  private var state: UInt64
  private var last: [UInt8] = []

  init(seed: UInt64) { state = seed }

  static let types: [UInt16] = [
    1, 2, 5, 6, 12, 16, 28, 33, 41, 43, 46, 47, 65, 0, 99, 251, 252, 255, 65_535,
  ]

  /// OPT records behind a question: none, plain, sizes, versions, options.
  static let ednsRecords: [[UInt8]] = [
    [], opt(1232), opt(512), opt(0), opt(65_535), opt(4096, flags: 0x80), opt(1232, version: 1),
    opt(1232, options: [0, 11, 0, 0]), opt(1400, options: [0, 10, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]),
    opt(1232, options: [0, 10, 0, 3, 1, 2, 3]),
    opt(1232, options: [0, 12, 0, 2, 0, 0, 0, 3, 0, 0]),
  ]

  private static func opt(
    _ size: UInt16, version: UInt8 = 0, flags: UInt8 = 0, options: [UInt8] = []
  ) -> [UInt8] {
    [0, 0, 41, UInt8(size >> 8), UInt8(size & 255), 0, version, flags, 0, 0, UInt8(options.count)]
      + options
  }

  static func query(_ name: String, _ type: UInt16, _ edns: [UInt8]) -> [UInt8] {
    [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, edns.isEmpty ? 0 : 1]
      + (DomainName(name)?.octets ?? [0]) + [UInt8(type >> 8), UInt8(type & 255), 0, 1] + edns
  }

  mutating func next() -> [UInt8] {
    var message = Self.query(
      ResponderBench.names[below(ResponderBench.names.count)], Self.types[below(Self.types.count)],
      Self.ednsRecords[below(Self.ednsRecords.count)])
    for _ in 0..<below(4) { mutate(&message) }
    last = message
    return message
  }

  private mutating func mutate(_ message: inout [UInt8]) {
    guard !message.isEmpty else { return }
    let at = below(message.count)
    switch below(10) {
    case 0: message[at] ^= 1 << UInt8(below(8))
    case 1: message[at] = UInt8(below(256))
    case 2: message[at] = [0, 1, 0x3F, 0x40, 0x7F, 0x80, 0xC0, 0xFF][below(8)]
    case 3: message.removeSubrange(at...)
    case 4: message.remove(at: at)
    case 5: message.insert(UInt8(below(256)), at: at)
    case 6: message.insert(contentsOf: message[at..<min(message.count, at + below(40))], at: at)
    case 7: message = Array(message[..<at] + last.dropFirst(min(at, last.count)))
    // The header's flags and counts, where one octet matters most.
    case 8: message[min(2 + below(10), message.count - 1)] = UInt8(below(4))
    default: message += (0..<below(20)).map { _ in UInt8(below(256)) }
    }
  }

  private mutating func below(_ limit: Int) -> Int {
    state &+= 0xA076_1D64_78BD_642F
    let product = state.multipliedFullWidth(by: state ^ 0xE703_7ED1_A0B4_28DB)
    return Int((product.high ^ product.low) % UInt64(max(limit, 1)))
  }
}
