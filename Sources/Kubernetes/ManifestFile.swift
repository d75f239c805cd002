internal import Cluster
internal import Documents
internal import IO

/// One file of manifests, open for reading; it may be read more than once and is the same each
/// time, unless it is written to in place.
struct ManifestFile {
  let path: String
  private let reader: FileReader

  /// Names that are taken for manifests inside a directory.
  private static let extensions = [".json", ".yaml", ".yml"]

  /// - Throws: ``IOFailure`` where there is no such file or it cannot be opened.
  init(_ path: String) throws(IOFailure) {
    self.path = path
    reader = try FileReader(path)
  }

  var signature: FileSignature { reader.signature }

  static func isManifest(name: some StringProtocol) -> Bool {
    !name.hasPrefix(".") && extensions.contains { name.hasSuffix($0) }
  }

  /// Something wrong at a place of the file.
  struct Fault: Error {
    let text: String
  }

  /// Hands out every object that DNS reads, and what is wrong with those that are not as they
  /// should be, which does not end the reading.
  ///
  /// - Throws: ``Fault`` where the file itself is broken; what came before has been handed out.
  func read(
    _ decoder: ObjectDecoder, invalid: (ObjectError, Fault) -> Void, _ take: (ClusterObject) -> Void
  ) throws(Fault) {
    var decoder = decoder
    // Lists whose kind comes behind their items, by number: their items need a second reading.
    var late: [Int: ObjectType] = [:]
    var isEmpty = true
    try walk { number, type, document, place in
      isEmpty = false
      if case .listEnd(let final) = type {
        if late[number] != nil { late[number] = final }
        return
      }
      decoder.decodeAll(document.root, type: type.element) { result in
        switch result {
        case .success(.object(let object)): take(object)
        case .success(.passedOver): break
        case .success(.kindMissing):
          if type == .unknownList {
            late[number] = ObjectType(apiVersion: "", kind: "")
          } else {
            invalid(.noKind, fault(place, ObjectError.noKind.description))
          }
        case .failure(let error): invalid(error, fault(place, error.description))
        }
      }
    }
    // A YAML file of nothing but comments says that there are no objects; JSON cannot.
    if isEmpty, format == .json { throw fault(.start, "the file is empty") }
    if !late.isEmpty { try readLate(late, &decoder, invalid, take) }
  }

  /// Reads the items again that have no kind of their own, now that the kind of the list is known.
  private func readLate(
    _ late: [Int: ObjectType], _ decoder: inout ObjectDecoder,
    _ invalid: (ObjectError, Fault) -> Void, _ take: (ClusterObject) -> Void
  ) throws(Fault) {
    try walk { number, type, document, place in
      guard type == .unknownList, let list = late[number],
        ObjectType(of: document.root).kind.isEmpty
      else { return }
      guard let element = list.element, !element.kind.isEmpty else {
        invalid(.noKind, fault(place, ObjectError.noKind.description))
        return
      }
      decoder.decodeAll(document.root, type: element) { result in
        switch result {
        case .success(.object(let object)): take(object)
        case .success: break
        case .failure(let error): invalid(error, fault(place, error.description))
        }
      }
    }
  }

  private var format: ItemReader.Format { path.hasSuffix(".json") ? .json : .yaml }
}

// MARK: - Pieces in their lists

extension ManifestFile {
  /// What is known of a piece from around it.
  private enum Around: Hashable {
    case nothing
    case list(ObjectType)
    /// In a list that has not said what it is yet.
    case unknownList
    /// Not an object: the end of a list, and what it is.
    case listEnd(ObjectType)

    /// What an item is that does not say so.
    var element: ObjectType? {
      if case .list(let type) = self, let element = type.element, !element.kind.isEmpty {
        return element
      }
      return nil
    }
  }

  /// Reads from the beginning; `take` gets the number of the piece's document in the file.
  private func walk(
    _ take: (Int, Around, Document, Place) -> Void
  ) throws(Fault) {
    reader.rewind()
    var number = 0
    var list: ObjectType?
    do {
      try ItemReader.read(format, reader.next) { (piece, document, place) throws(DocumentError) in
        switch piece {
        case .object:
          take(number, .nothing, document, place)
          number += 1
        case .listStart:
          let type = ObjectType(of: document.root)
          list = type.kind.isEmpty ? nil : type
        case .item:
          take(number, list.map(Around.list) ?? .unknownList, document, place)
        case .listEnd:
          take(number, .listEnd(ObjectType(of: document.root)), document, place)
          number += 1
        }
      }
    } catch {
      if reader.failure == nil { throw fault(error.place, error.message) }
    }
    if let failure = reader.failure { throw Fault(text: "\(path): \(failure.reason)") }
  }

  private func fault(_ place: Place, _ message: String) -> Fault {
    Fault(text: "\(path):\(place): \(message)")
  }
}

extension ObjectError {
  fileprivate static let noKind = ObjectError(object: "object", message: "has no kind")
}
