import CZlib

/// A body coded with gzip piece by piece, so that a large one does not hold up the loop.
@safe final class GzipCoder {
  private let stream: UnsafeMutablePointer<z_stream>

  /// Nil when memory is short.
  init?() {
    // The API server codes at level 1.
    guard let stream = unsafe czlib_gzip_new(1) else { return nil }
    unsafe self.stream = stream
  }

  deinit { unsafe czlib_gzip_free(stream) }

  /// The coded octets of `piece`; `isLast` ends the stream.
  func code(_ piece: ArraySlice<UInt8>, isLast: Bool) -> [UInt8] {
    // Incompressible octets grow by 5 in 16 KiB; header, trailer and flush take less than 64.
    let room = piece.count + piece.count / 1000 + 128
    return unsafe piece.withUnsafeBytes { input in
      unsafe [UInt8](unsafeUninitializedCapacity: room) { output, count in
        let written = unsafe czlib_gzip(
          stream, input.baseAddress, input.count, isLast ? 1 : 0, output.baseAddress, room)
        precondition(written >= 0, "deflate has room enough")
        count = written
      }
    }
  }
}
