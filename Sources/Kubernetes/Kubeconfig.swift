internal import Documents
internal import IO

/// A kubeconfig file (Kubernetes documentation, "kubeconfig (v1)"): the context that is used out
/// of it, with all its files read.
///
/// Fields that say nothing about the connection are passed over, as are contexts that are not used.
struct Kubeconfig {
  let root: KubeconfigNode
  let path: String

  /// - Parameter context: nil: the file's `current-context`.
  /// - Throws: ``AccessError`` that begins with the file and what of it is at fault.
  static func read(
    _ path: String, context: String?, files: inout CredentialFiles
  ) throws(AccessError) -> AccessReading {
    let octets = try files.read(path)
    let root = KubeconfigNode(value: try parse(octets, path), place: path)
    return try Kubeconfig(root: root, path: path).reading(context, &files)
  }

  private func reading(
    _ name: String?, _ files: inout CredentialFiles
  ) throws(AccessError) -> AccessReading {
    let context = try chosenContext(name)
    guard let clusterName = try context.text("cluster") else {
      throw context.fault("cluster", "the context names no cluster")
    }
    guard let entry = try named(clusterName, "clusters", "cluster") else {
      throw context.fault("cluster", "there is no cluster '\(clusterName)' in the file")
    }
    let cluster = try KubeconfigCluster(entry, folder: folder, &files)
    var reading = AccessReading(access: ClusterAccess(servers: []))
    cluster.apply(to: &reading.access)
    if let userName = try context.text("user") {
      guard let user = try named(userName, "users", "user") else {
        throw context.fault("user", "there is no user '\(userName)' in the file")
      }
      let reader = KubeconfigUser(node: user, name: userName, path: path, folder: folder)
      try reader.read(cluster, into: &reading, &files)
    }
    let hasTLS = reading.access.authority != nil || reading.access.certificate != nil
    do {
      reading.access.servers = [try ServerURL.normalized(cluster.server, hasTLS: hasTLS)]
    } catch {
      throw entry.fault("server", error.description)
    }
    let unprotected = reading.access.protectToken()
    // Nor is a token obtained that is not to be sent.
    if !unprotected.isEmpty { reading.plugin = nil }
    reading.warnings += unprotected
    return reading
  }

  /// What relative paths start from.
  private var folder: String { path.contains("/") ? FilePath.directory(of: path) : "." }

  // MARK: - Text

  private static func parse(_ octets: [UInt8], _ path: String) throws(AccessError) -> Value {
    let start = octets.filter { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }.prefix(2)
    let format: ItemReader.Format = start.elementsEqual("{\"".utf8) ? .json : .yaml
    var rest = octets
    let nextChunk = {
      defer { rest = [] }
      return rest
    }
    var first: Document?
    do throws(DocumentError) {
      try ItemReader.read(format, nextChunk) { (piece, document, _) throws(DocumentError) in
        if first == nil, piece == .object { first = document }
      }
    } catch {
      throw AccessError("\(path):\(error)")
    }
    guard let root = first?.root, root.kind == .object else {
      throw AccessError("\(path): holds no kubeconfig (kind: Config)")
    }
    if let kind = root["kind"]?.string, kind != "Config" {
      throw AccessError("\(path): is an object of kind '\(kind)', not a kubeconfig (kind: Config)")
    }
    return root
  }

  // MARK: - Contexts

  private func chosenContext(_ asked: String?) throws(AccessError) -> KubeconfigNode {
    let current = try root.text("current-context")
    guard let name = asked ?? current else {
      throw AccessError(
        "\(path): current-context: not set, and no context is asked for; \(try contextList)")
    }
    guard let context = try named(name, "contexts", "context") else {
      let field = asked == nil ? "\(path): current-context: " : "\(path): "
      let likely = Self.nearest(name, try contextNames).map { "; did you mean '\($0)'?" } ?? ""
      throw AccessError(field + "there is no context '\(name)'; \(try contextList)\(likely)")
    }
    return context
  }

  /// Contexts that a message lists; a file may hold hundreds.
  private static let maximumListed = 20

  private var contextNames: [String] {
    get throws(AccessError) { try root.list("contexts").compactMap { $0["name"]?.string } }
  }

  private var contextList: String {
    get throws(AccessError) {
      let names = try contextNames.sorted()
      guard !names.isEmpty else { return "the file has no contexts" }
      let rest = names.count - Self.maximumListed
      return "there are "
        + names.prefix(Self.maximumListed).map { "'\($0)'" }
        .joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }
  }

  /// The last of the entries with the name, as client-go reads the list into a map.
  private func named(
    _ name: String, _ list: StaticString, _ kind: StaticString
  ) throws(AccessError) -> KubeconfigNode? {
    guard let entry = try root.list(list).last(where: { $0["name"]?.string == name }) else {
      return nil
    }
    let place = "\(path): \(kind) '\(name)'"
    // An entry without a body has none of the fields either.
    let body = try KubeconfigNode(value: entry, place: place).object(kind)?.value ?? entry
    return KubeconfigNode(value: body, place: place)
  }

  /// The name that was probably meant: at most a third of it is different.
  static func nearest(_ name: String, _ names: [String]) -> String? {
    let asked = Array(name.lowercased().unicodeScalars)
    // A longer name is not worth the table.
    guard asked.count <= 200 else { return nil }
    let ranked = names.filter { $0.count <= 200 }.map { candidate in
      (candidate, distance(asked, Array(candidate.lowercased().unicodeScalars)))
    }
    guard let best = ranked.min(by: { $0.1 < $1.1 }), best.1 * 3 <= asked.count else { return nil }
    return best.0
  }

  /// Levenshtein's.
  private static func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
    var last = Array(0...b.count)
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        row.append(min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1))
      }
      last = row
    }
    return last[b.count]
  }
}

/// An object of a kubeconfig and where it stands, for errors.
struct KubeconfigNode {
  let value: Value
  /// `FILE: user 'name'`.
  let place: String

  func fault(_ field: String, _ why: String) -> AccessError {
    AccessError("\(place): \(field): \(why)")
  }

  /// A string; nil where it is empty, as for client-go.
  func text(_ key: StaticString) throws(AccessError) -> String? {
    guard let value = value[key] else { return nil }
    guard let text = value.string else { throw fault("\(key)", "not a string") }
    return text.isEmpty ? nil : text
  }

  func flag(_ key: StaticString) throws(AccessError) -> Bool {
    guard let value = value[key] else { return false }
    guard let flag = value.boolean else { throw fault("\(key)", "neither true nor false") }
    return flag
  }

  func list(_ key: StaticString) throws(AccessError) -> [Value] {
    guard let value = value[key] else { return [] }
    guard value.kind == .array else { throw fault("\(key)", "not a list") }
    return Array(value.elements)
  }

  func texts(_ key: StaticString) throws(AccessError) -> [String] {
    var texts: [String] = []
    for value in try list(key) {
      guard let text = value.string else { throw fault("\(key)", "not a list of strings") }
      texts.append(text)
    }
    return texts
  }

  func object(_ key: StaticString) throws(AccessError) -> KubeconfigNode? {
    guard let value = value[key] else { return nil }
    guard value.kind == .object else { throw fault("\(key)", "not an object") }
    return KubeconfigNode(value: value, place: "\(place): \(key)")
  }

  /// What a field holds in base 64.
  func data(_ key: StaticString) throws(AccessError) -> [UInt8]? {
    guard let text = try text(key) else { return nil }
    guard let octets = Base64.decode(text.utf8) else { throw fault("\(key)", "not base64") }
    return octets
  }

  /// The path in a field; a relative one starts from the folder.
  func path(_ key: StaticString, in folder: String) throws(AccessError) -> String? {
    try text(key).map { $0.hasPrefix("/") ? $0 : FilePath.join(folder, $0) }
  }
}
