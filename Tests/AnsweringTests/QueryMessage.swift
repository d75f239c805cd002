import Wire

/// A query to be encoded, right or wrong on purpose.
struct QueryMessage {
  var id: UInt16 = 0x1234
  /// The second 16 bits of the header; RD alone unless said otherwise.
  var flags: UInt16 = 0x0100
  var name: [UInt8]
  var type: RecordType
  var recordClass: UInt16 = Query.classIN
  var edns: OPT? = OPT()
  /// Section counts where they are to lie.
  var counts: [UInt16]?
  /// Octets in place of everything behind the question.
  var rest: [UInt8]?

  struct OPT {
    var size: UInt16 = 4096
    var version: UInt8 = 0
    /// DO and Z bits.
    var flags: UInt16 = 0
    var options: [(code: UInt16, octets: [UInt8])] = []
    var owner: [UInt8] = [0]

    var record: [UInt8] {
      var data: [UInt8] = []
      for option in options {
        data += big(option.code) + big(UInt16(option.octets.count)) + option.octets
      }
      return owner + big(RecordType.opt.rawValue) + big(size) + [0, version] + big(flags)
        + big(UInt16(data.count)) + data
    }
  }

  init(_ name: DomainName, _ type: RecordType) {
    self.name = name.octets
    self.type = type
  }

  var octets: [UInt8] {
    let counts = counts ?? [1, 0, 0, edns == nil ? 0 : 1]
    return big(id) + big(flags) + counts.flatMap(big) + name + big(type.rawValue)
      + big(recordClass) + (rest ?? edns?.record ?? [])
  }
}

/// Network order.
func big(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 255)] }
