import Wire

/// Octets of a query, piece by piece, well-formed or not.
struct MessageBuilder {
  var octets: [UInt8] = []

  /// - Parameters:
  ///   - counts: QDCOUNT, ANCOUNT, NSCOUNT, ARCOUNT.
  init(id: UInt16 = 0x1234, flags: UInt16 = 0x0100, counts: [UInt16] = [1, 0, 0, 0]) {
    put(id)
    put(flags)
    counts.forEach { put($0) }
  }

  /// A query of one question.
  static func question(
    _ name: String, _ type: UInt16 = 1, class: UInt16 = 1, flags: UInt16 = 0x0100
  ) -> MessageBuilder {
    var message = MessageBuilder(flags: flags)
    message.put(name: name)
    message.put(type)
    message.put(`class`)
    return message
  }

  mutating func put(_ number: UInt16) {
    octets += [UInt8(number >> 8), UInt8(number & 255)]
  }

  mutating func put(name: String) {
    octets += DomainName(name)?.octets ?? []
  }

  /// Adds a record at the root and counts it.
  mutating func put(
    record type: UInt16, owner: [UInt8] = [0], class: UInt16 = 1232,
    ttl: [UInt8] = [0, 0, 0, 0], data: [UInt8] = [], in count: Int = 11
  ) {
    octets += owner
    put(type)
    put(`class`)
    octets += ttl
    put(UInt16(data.count))
    octets += data
    octets[count] += 1
  }

  func with(_ change: (inout MessageBuilder) -> Void) -> MessageBuilder {
    var copy = self
    change(&copy)
    return copy
  }

  /// With an OPT record of these options.
  func edns(
    size: UInt16 = 1232, version: UInt8 = 0, flags: UInt8 = 0, options: [UInt8] = []
  ) -> MessageBuilder {
    with { $0.put(record: 41, class: size, ttl: [0, version, flags, 0], data: options) }
  }
}
