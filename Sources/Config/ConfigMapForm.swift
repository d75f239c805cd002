internal import Documents

/// What a configuration is found to be.
enum ConfigurationText {
  case corefile(EmbeddedText)
  case kubeDNS(KubeDNSConfigMap)
}

/// Finds the Corefile, or the keys of kube-dns, inside a ConfigMap object, in JSON or YAML.
enum ConfigMapForm {
  /// The text itself where it is no Kubernetes object. Nil for an object that has neither a Corefile
  /// nor keys of kube-dns; why is in `findings`.
  static func read(_ octets: [UInt8], file: String, findings: Findings) -> ConfigurationText? {
    let source = String(decoding: octets, as: UTF8.self)
    findings.add(file: file, text: source)
    guard let format = format(octets) else {
      return .corefile(EmbeddedText(text: source, file: file))
    }
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
      return nil
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
    private struct ConfigMap {
      var place: Documents.Place
      var name: String?
      /// Keys and their texts, nil for a value that is no string, in the order of the text.
      var data: [(key: String, text: String?)] = []

      var corefile: String? { data.last { $0.key == "Corefile" }?.text }
      /// Whether it is one of kube-dns: by a key, or by its name where it is empty.
      var isKubeDNS: Bool {
        data.contains { KubeDNSConfigMap.keys.contains($0.key) }
          || data.isEmpty && name == KubeDNSConfigMap.name
      }
    }

    private var configMaps: [ConfigMap] = []
    private var otherKind: (name: String, place: Documents.Place)?

    mutating func take(_ object: Value, at place: Documents.Place) {
      // Items of lists from the API server carry no kind.
      let kind = object["kind"]?.string ?? "ConfigMap"
      guard kind == "ConfigMap" else {
        if otherKind == nil { otherKind = (kind, place) }
        return
      }
      var configMap = ConfigMap(place: place, name: object["metadata"]?["name"]?.string)
      if let data = object["data"] {
        for member in data.members where !member.value.isNull {
          configMap.data.append((member.key.string ?? "", member.value.string))
        }
      }
      configMaps.append(configMap)
    }

    func reading(_ source: String, file: String, findings: Findings) -> ConfigurationText? {
      func place(_ place: Documents.Place?) -> Place {
        Place(file: file, line: place?.line ?? 1, column: place?.column ?? 1)
      }
      if let configMap = configMaps.first(where: { $0.corefile != nil }),
        let corefile = configMap.corefile
      {
        for (key, _) in configMap.data where KubeDNSConfigMap.keys.contains(key) {
          findings.warning(
            place(configMap.place), "'\(key)' stands beside a Corefile and is ignored",
            expected: "a server block with 'forward' in the Corefile")
        }
        return .corefile(
          .find(corefile, key: "Corefile", in: source, file: file, findings: findings))
      }
      if let configMap = configMaps.first(where: \.isKubeDNS) {
        return kubeDNS(configMap, at: place(configMap.place), source, findings)
      }
      if let configMap = configMaps.first {
        refuse(configMap, at: place(configMap.place), findings)
      } else {
        findings.error(
          place(otherKind?.place), "a Kubernetes object of kind '\(otherKind?.name ?? "")'",
          expected: "a Corefile, or a ConfigMap with 'data.Corefile'")
      }
      return nil
    }

    private func kubeDNS(
      _ configMap: ConfigMap, at place: Place, _ source: String, _ findings: Findings
    ) -> ConfigurationText? {
      var map = KubeDNSConfigMap(place: place)
      for (key, text) in configMap.data where KubeDNSConfigMap.keys.contains(key) {
        if let text {
          map.values[key] = .find(
            text, key: key, in: source, file: place.file, findings: findings)
        } else {
          findings.error(
            place, "the value of '\(key)' is no string",
            expected: "'\(key): |' and the JSON as text below it")
        }
      }
      let others = configMap.data.map(\.key).filter { !KubeDNSConfigMap.keys.contains($0) }
      KubeDNSConfigMap.warn(of: others, at: place, findings: findings)
      return findings.hasErrors ? nil : .kubeDNS(map)
    }

    private func refuse(_ configMap: ConfigMap, at place: Place, _ findings: Findings) {
      let keys = configMap.data.map(\.key)
      if keys.isEmpty {
        findings.error(
          place, "the ConfigMap has no Corefile",
          expected: "'data.Corefile', or the name 'kube-dns' for the defaults of kube-dns")
      } else if keys.contains("Corefile") {
        findings.error(
          place, "the value of 'Corefile' is no string",
          expected: "'Corefile: |' and the text below")
      } else {
        KubeDNSConfigMap.refuse("ConfigMap", with: keys, at: place, findings: findings)
      }
    }
  }
}
