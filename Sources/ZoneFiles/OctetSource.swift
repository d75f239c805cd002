internal import Glibc

/// Octets of a file or of an array, read in blocks, so that a file of any size costs one block.
struct OctetSource: ~Copyable {
  private static let blockOctets = 65_536

  /// -1 for an array.
  private let descriptor: Int32
  private var block: [UInt8]
  private var at = 0
  private var end: Int

  init(octets: [UInt8]) {
    descriptor = -1
    block = octets
    end = octets.count
  }

  /// Opens a regular file; anything else could block or never end.
  init(path: String) throws(TextError) {
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    block = []
    end = 0
    guard descriptor >= 0 else { throw Self.failure("open") }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw TextError("not a regular file", errorNumber: EINVAL)
    }
    block = Array(repeating: 0, count: Self.blockOctets)
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// The next octet, nil at the end.
  mutating func next() throws(TextError) -> UInt8? {
    let octet = try peek()
    if octet != nil { at += 1 }
    return octet
  }

  mutating func peek() throws(TextError) -> UInt8? {
    if at == end { try fill() }
    return at < end ? block[at] : nil
  }

  /// Past the octet that ``peek()`` gave.
  mutating func advance() {
    at += 1
  }

  private mutating func fill() throws(TextError) {
    guard descriptor >= 0 else { return }
    var count = -1
    repeat {
      // read fills no more octets than `block` has.
      count = unsafe block.withUnsafeMutableBytes {
        unsafe read(descriptor, $0.baseAddress, $0.count)
      }
    } while count < 0 && errno == EINTR
    guard count >= 0 else { throw Self.failure("read") }
    at = 0
    end = count
  }

  private static func failure(_ operation: String) -> TextError {
    let number = errno
    let sentence = unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
    return TextError("cannot \(operation) the file: \(sentence)", errorNumber: number)
  }
}
