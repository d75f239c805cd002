internal import Documents

/// Finds the Corefile inside a ConfigMap object, in JSON or YAML.
enum ConfigMapForm {
  enum Reading {
    /// The text is no Kubernetes object: a Corefile itself.
    case corefile
    /// `data.Corefile`, which begins on a line of a file with every line at a column.
    case embedded(text: String, file: String, line: Int, column: Int)
    /// A Kubernetes object without a Corefile; why is in the findings.
    case nothing
  }

  /// Keys of kube-dns's ConfigMap.
  static let kubeDNSKeys = ["stubDomains", "upstreamNameservers", "federations"]

  static func read(_ octets: [UInt8], file: String, findings: Findings) -> Reading {
    guard let format = format(octets) else { return .corefile }
    let source = String(decoding: octets, as: UTF8.self)
    findings.add(file: file, text: source)
    var found = Found()
    do throws(DocumentError) {
      var rest = octets
      let nextChunk = {
        defer { rest = [] }
        return rest
      }
      try ItemReader.read(format, nextChunk) { (piece, document, place) throws(DocumentError) in
        if piece == .object || piece == .item { found.take(document.root, at: place) }
      }
    } catch {
      let place = Place(file: file, line: error.place.line, column: error.place.column)
      findings.error(place, "the ConfigMap cannot be read: \(error.message)")
      return .nothing
    }
    return found.reading(source, file: file, findings: findings)
  }

  /// A Corefile begins neither with a JSON object nor has lines that begin with `kind:`.
  private static func format(_ octets: [UInt8]) -> ItemReader.Format? {
    let text = octets.filter { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }.prefix(2)
    if text.first == UInt8(ascii: "{"), let second = text.dropFirst().first,
      second == UInt8(ascii: "\"") || second == UInt8(ascii: "}")
    {
      return .json
    }
    let keys = ["kind:", "apiVersion:"].map { Array($0.utf8) }
    let isObject = octets.split(separator: UInt8(ascii: "\n")).contains { line in
      keys.contains { line.starts(with: $0 + [0x20]) }
    }
    return isObject ? .yaml : nil
  }

  /// What the objects of a text hold.
  private struct Found {
    var corefile: String?
    var configMap: Documents.Place?
    var otherKind: (name: String, place: Documents.Place)?
    var kubeDNSKey: String?

    mutating func take(_ object: Value, at place: Documents.Place) {
      // Items of lists from the API server carry no kind.
      let kind = object["kind"]?.string ?? "ConfigMap"
      guard kind == "ConfigMap" else {
        if otherKind == nil { otherKind = (kind, place) }
        return
      }
      if configMap == nil { configMap = place }
      let data = object["data"]
      if corefile == nil { corefile = data?["Corefile"]?.string }
      if data?["stubDomains"] != nil { kubeDNSKey = "stubDomains" }
      if data?["upstreamNameservers"] != nil { kubeDNSKey = "upstreamNameservers" }
    }

    func reading(_ source: String, file: String, findings: Findings) -> Reading {
      func place(_ place: Documents.Place?) -> Place {
        Place(file: file, line: place?.line ?? 1, column: place?.column ?? 1)
      }
      if let corefile {
        if let kubeDNSKey {
          findings.warning(
            place(configMap), "'\(kubeDNSKey)' stands beside a Corefile and is ignored",
            expected: "a server block with 'forward' in the Corefile")
        }
        return embedded(corefile, in: source, file: file, findings: findings)
      }
      if let kubeDNSKey {
        findings.error(
          place(configMap),
          "a ConfigMap of kube-dns ('\(kubeDNSKey)') is not understood by this version of martlet",
          expected: "a ConfigMap with 'data.Corefile'")
      } else if let configMap {
        findings.error(
          place(configMap), "the ConfigMap has no Corefile", expected: "'data.Corefile'")
      } else {
        findings.error(
          place(otherKind?.place), "a Kubernetes object of kind '\(otherKind?.name ?? "")'",
          expected: "a Corefile, or a ConfigMap with 'data.Corefile'")
      }
      return .nothing
    }

    /// A block text (`Corefile: |`) is found again in the source, so that places are those of the
    /// file; any other spelling of a string gets a name and lines of its own.
    private func embedded(
      _ text: String, in source: String, file: String, findings: Findings
    ) -> Reading {
      let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
      let wanted = text.split(separator: "\n", omittingEmptySubsequences: false)
      for (index, line) in lines.enumerated() {
        let key = line.drop { $0 == " " }
        guard key.hasPrefix("Corefile:"), key.contains("|"), index + 1 < lines.count else {
          continue
        }
        let candidates = lines[(index + 1)...]
        guard let first = candidates.first(where: { $0.contains { $0 != " " } }),
          let start = wanted.first(where: { !$0.isEmpty })
        else { continue }
        let indent = first.count - start.count
        let agree = zip(candidates, wanted).allSatisfy { candidate, line in
          line.isEmpty || candidate.dropFirst(indent) == line
        }
        if indent >= 0, agree {
          return .embedded(text: text, file: file, line: index + 2, column: indent + 1)
        }
      }
      let name = "\(file)#Corefile"
      findings.add(file: name, text: text)
      return .embedded(text: text, file: name, line: 1, column: 1)
    }
  }
}
