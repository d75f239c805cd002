import Glibc

/// A text file being written, held back in pieces of 64 KiB.
struct TextFile: ~Copyable {
  private let descriptor: Int32
  private var pending: [UInt8] = []
  private var failure: Int32?

  private init(descriptor: Int32) {
    self.descriptor = descriptor
    pending.reserveCapacity(1 << 16)
  }

  /// Creates or replaces the file at `path` with what `body` appends.
  static func write(_ path: String, _ body: (inout TextFile) -> Void) throws(SystemFailure) {
    let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    guard descriptor >= 0 else { throw SystemFailure(subject: path, errno: errno) }
    var file = TextFile(descriptor: descriptor)
    body(&file)
    file.flush()
    close(descriptor)
    if let failure = file.failure { throw SystemFailure(subject: path, errno: failure) }
  }

  mutating func append(_ text: String) {
    pending.append(contentsOf: text.utf8)
    if pending.count >= 1 << 16 { flush() }
  }

  private mutating func flush() {
    var rest = pending[...]
    while !rest.isEmpty, failure == nil {
      let written = unsafe rest.withUnsafeBytes { octets in
        unsafe Glibc.write(descriptor, octets.baseAddress, octets.count)
      }
      if written < 0 { failure = errno } else { rest = rest.dropFirst(written) }
    }
    pending.removeAll(keepingCapacity: true)
  }
}
