public import Cluster
internal import Documents
internal import Glibc
internal import IO

/// Reads what a ``SnapshotWriter`` has written.
public enum SnapshotFile {
  public enum Reading: Hashable, Sendable {
    /// There is no such file: nothing has been kept yet.
    case missing
    case loaded(Loaded)
    /// A sentence for the log with the file's name and the reason. Nothing was handed out, or, where
    /// the disk failed half way, what was handed out is to be forgotten.
    case ignored(String)
  }

  public struct Loaded: Hashable, Sendable {
    /// Unix time in seconds at which the objects were as they are here.
    public var written: Int64
    public var objectCount: Int
    /// A sentence for the log where an object could not be read, which another version of martlet
    /// may have taken. The others were handed out.
    public var problem: String?
  }

  /// Objects handed out at a time.
  static let batch = 256
  /// A larger file is none: this is some ten million endpoints, more than any cluster has.
  static let maximumOctets = 1 << 30

  /// Checks the whole file, then hands out its objects in batches; holds no more of it than a chunk
  /// and a batch.
  ///
  /// - Parameters:
  ///   - selection: as it was given to the writer. Objects that were chosen in another way are not
  ///     those that this server is to answer from, and are ignored.
  ///   - keepsLabels: whether ``ObjectDecoder`` is to keep labels.
  public static func read(
    _ path: String, selection: String, keepsLabels: Bool = false,
    _ take: ([ClusterObject]) -> Void
  ) -> Reading {
    do throws(Refusal) {
      let reader: FileReader
      do {
        reader = try FileReader(path)
      } catch {
        if error.code == ENOENT { return .missing }
        throw Refusal(error.reason)
      }
      try verify(reader)
      reader.rewind()
      return .loaded(try decode(reader, path, selection, keepsLabels, take))
    } catch {
      return .ignored("snapshot \(path) is ignored: \(error.reason)")
    }
  }

  /// Why a file is not taken.
  private struct Refusal: Error {
    let reason: String

    init(_ reason: String) {
      self.reason = reason
    }
  }
}

// MARK: - The octets

extension SnapshotFile {
  private static func verify(_ reader: FileReader) throws(Refusal) {
    let size = reader.signature.octets
    guard size > 0 else { throw Refusal("it is empty") }
    guard size <= maximumOctets else { throw Refusal("it is larger than 1 GiB") }
    var chunk = reader.next()
    try checkStart(chunk)
    var checksum = CRC32C()
    var rest = max(0, size - SnapshotText.endOctets)
    var end: [UInt8] = []
    while !chunk.isEmpty {
      let count = min(rest, chunk.count)
      checksum.update(chunk[..<count])
      rest -= count
      end += chunk[count...]
      guard end.count <= SnapshotText.endOctets else { throw Refusal("it is being written to") }
      chunk = reader.next()
    }
    if let failure = reader.failure { throw Refusal(failure.reason) }
    guard end.suffix(3).elementsEqual("\"}\n".utf8) else {
      throw Refusal("it is cut off: no checksum stands at its end")
    }
    guard end == SnapshotText.end(checksum) else {
      throw Refusal("it is damaged: its checksum is not that of its contents")
    }
  }

  /// Tells a file of another kind, and a format to come, from a damaged one.
  private static func checkStart(_ chunk: [UInt8]) throws(Refusal) {
    let magic = SnapshotText.magic
    guard chunk.starts(with: magic) else {
      throw Refusal(
        magic.starts(with: chunk) ? "it is cut off" : "it is not a snapshot of martlet")
    }
    let format = String(
      decoding: chunk[magic.count...].prefix(20).prefix { $0 != UInt8(ascii: "\"") },
      as: UTF8.self)
    guard format == SnapshotText.format else {
      throw Refusal("its format is '\(format)', and this martlet reads '\(SnapshotText.format)'")
    }
  }
}

// MARK: - The objects

extension SnapshotFile {
  private static func decode(
    _ reader: FileReader, _ path: String, _ selection: String, _ keepsLabels: Bool,
    _ take: ([ClusterObject]) -> Void
  ) throws(Refusal) -> Loaded {
    var decoder = ObjectDecoder(keepsLabels: keepsLabels)
    var loaded = Loaded(written: 0, objectCount: 0)
    var waiting: [ClusterObject] = []
    do {
      try ItemReader.read(.json, { reader.next() }) { piece, document, _ throws(DocumentError) in
        switch piece {
        case .listStart: loaded.written = try written(document.root, selection)
        case .item:
          do throws(ObjectError) {
            guard case .object(let object) = try decoder.decode(document.root) else { return }
            waiting.append(object)
            loaded.objectCount += 1
          } catch {
            loaded.problem = "snapshot \(path): \(error)"
          }
          if waiting.count == batch {
            take(waiting)
            waiting.removeAll(keepingCapacity: true)
          }
        case .object, .listEnd: break
        }
      }
    } catch {
      throw Refusal(reader.failure?.reason ?? error.message)
    }
    if !waiting.isEmpty { take(waiting) }
    return loaded
  }

  /// When a list was written, if it is the one that is looked for.
  private static func written(
    _ list: Value, _ selection: String
  ) throws(DocumentError) -> Int64 {
    let annotations = list["metadata"]?["annotations"]
    let found = annotations?["martlet/snapshot-selection"]?.string ?? ""
    guard found == selection else {
      throw DocumentError(
        place: .start, message: "it has the objects of '\(found)', and not those of '\(selection)'")
    }
    guard let written = Timestamp.read(annotations?["martlet/snapshot-time"]?.string ?? "") else {
      throw DocumentError(place: .start, message: "it does not say when it was written")
    }
    return written
  }
}
