/// A keyed 64-bit hash of folded octets, eight at a time with one wide multiplication each.
///
/// SipHash as in `Dictionary` costs 125 ns for a name, this a few. The seed is random in each
/// process, so nobody outside can aim names at one slot of a table.
public struct NameHash: Sendable {
  public let seed: UInt64

  @inlinable
  public init(seed: UInt64) {
    self.seed = seed
  }

  /// The hash of `octets`; equal octets have equal hashes under one seed.
  @inlinable
  public func callAsFunction(_ octets: Octets) -> UInt64 {
    var hash = seed ^ UInt64(truncatingIfNeeded: octets.count)
    var at = 0
    while at &+ 8 <= octets.count {
      hash = Self.mix(hash ^ octets.word(at))
      at &+= 8
    }
    var tail: UInt64 = 0
    if octets.count >= 8 {
      if at < octets.count { tail = octets.word(octets.count &- 8) }
    } else {
      while at < octets.count {
        tail = tail << 8 | UInt64(octets[at])
        at &+= 1
      }
    }
    return Self.mix(hash ^ tail ^ 0x9E37_79B9_7F4A_7C15)
  }

  /// The hash of a number.
  @inlinable
  public func callAsFunction(_ number: UInt64) -> UInt64 { Self.mix(number ^ seed) }

  /// Both halves of a 128-bit product, folded: every input bit reaches every output bit.
  @inlinable @inline(__always)
  static func mix(_ value: UInt64) -> UInt64 {
    let product = (value ^ 0xA076_1D64_78BD_642F).multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB)
    return product.high ^ product.low
  }
}

extension ASCII {
  /// Eight octets folded at once; the length octets of a wire name (under 64) pass unchanged.
  @inlinable @inline(__always)
  static func folded(word: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let low = word & (ones &* 0x7F)
    let beyondZ = low &+ ones &* (0x7F - 0x5A)
    let fromA = low &+ ones &* (0x80 - 0x41)
    let upper = (fromA ^ beyondZ) & ~word & (ones &* 0x80)
    return word | upper >> 2
  }
}
