import CLinux

/// Numbers of the kernel's random generator, fetched many at a time: a system call for each would
/// be a tenth of what asking an upstream costs. Belongs to one thread.
///
/// Each is erased when it is given, so that what is in memory says nothing about those in use.
@safe public final class RandomNumbers {
  /// 512 octets: one call for some hundred queries.
  private static let capacity = 64
  /// One value, so that a number is one access to this object.
  private var numbers = Numbers()

  public init() {}

  /// 64 bits that nobody can guess.
  public func next() -> UInt64 { numbers.next() }

  private struct Numbers {
    var numbers = [UInt64](repeating: 0, count: RandomNumbers.capacity)
    var left = 0

    mutating func next() -> UInt64 {
      if left == 0 { fetch() }
      left -= 1
      let number = numbers[left]
      numbers[left] = 0
      return number
    }

    mutating func fetch() {
      let result = unsafe numbers.withUnsafeMutableBytes {
        unsafe clinux_random($0.baseAddress, $0.count)
      }
      precondition(result == 0, "getrandom failed")
      left = RandomNumbers.capacity
    }
  }
}
