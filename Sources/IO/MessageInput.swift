import Glibc

/// Octets of a stream that are cut into messages by their two octets of length (RFC 1035 §4.2.2).
///
/// Room for the longest message and no more: what is left of one moves to the front only when the
/// end is reached, so once at most for each message.
@safe final class MessageInput {
  private let buffer = UnsafeMutableRawBufferPointer.allocate(
    byteCount: 2 + 65_535, alignment: 16)
  private var start = 0
  private var end = 0

  /// A message is a header at least.
  static let leastOctets = 12

  deinit {
    unsafe buffer.deallocate()
  }

  /// Whether a message has begun that is not whole.
  var isInMessage: Bool { end > start }

  /// Where more is received to; never empty after ``next()`` has given nil. Then say how much it was.
  var room: UnsafeMutableRawBufferPointer {
    if unsafe end == buffer.count, start > 0, let base = unsafe buffer.baseAddress {
      unsafe memmove(base, base + start, end - start)
      end -= start
      start = 0
    }
    return unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[end...])
  }

  func received(_ count: Int) {
    end += count
  }

  @safe enum Cut {
    /// Lasts until more is received.
    case message(UnsafeRawBufferPointer)
    /// A message says that it is so short; nothing after it can be trusted.
    case tooShort(Int)
    case nothing
  }

  /// The next whole message.
  func next() -> Cut {
    guard end - start >= 2 else { return nothing() }
    let length = unsafe Int(buffer[start]) << 8 | Int(buffer[start + 1])
    guard length >= Self.leastOctets else { return .tooShort(length) }
    guard end - start - 2 >= length else { return nothing() }
    let message = unsafe UnsafeRawBufferPointer(
      rebasing: buffer[(start + 2)..<(start + 2 + length)])
    start += 2 + length
    return unsafe .message(message)
  }

  private func nothing() -> Cut {
    if start == end { (start, end) = (0, 0) }
    return .nothing
  }
}
