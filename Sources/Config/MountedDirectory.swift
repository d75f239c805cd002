internal import Glibc

/// What lies in a directory as a mounted ConfigMap gives it: a file for each key.
enum MountedDirectory {
  /// Nil where nothing in it can be used; why is in `findings`.
  static func read(
    _ directory: String, files: FileReading, findings: Findings
  ) -> ConfigurationText? {
    let prefix = directory.hasSuffix("/") ? directory : directory + "/"
    let corefile = prefix + "Corefile"
    switch files.read(corefile) {
    case .octets(let octets):
      warn(ofKeysBeside: corefile, prefix, files, findings)
      return ConfigMapForm.read(octets, file: corefile, findings: findings)
    case .failure(ENOENT):
      findings.add(file: corefile)
      return kubeDNS(directory, prefix, files, findings)
    case let content:
      findings.add(file: corefile)
      complain(of: content, corefile, findings)
      return nil
    }
  }

  private static func warn(
    ofKeysBeside corefile: String, _ prefix: String, _ files: FileReading, _ findings: Findings
  ) {
    for key in KubeDNSConfigMap.keys {
      guard case .octets = files.read(prefix + key) else { continue }
      findings.warning(
        Place(file: prefix + key, line: 1, column: 1),
        "'\(key)' stands beside a Corefile and is ignored",
        expected: "a server block with 'forward' in the Corefile")
    }
  }

  // MARK: - kube-dns

  /// Every key is named as a source, those that are missing too: one that appears is a change.
  private static func kubeDNS(
    _ directory: String, _ prefix: String, _ files: FileReading, _ findings: Findings
  ) -> ConfigurationText? {
    let place = Place(file: directory, line: 1, column: 1)
    var map = KubeDNSConfigMap(place: place)
    for key in KubeDNSConfigMap.keys {
      let file = prefix + key
      switch files.read(file) {
      case .octets(let octets):
        let text = String(decoding: octets, as: UTF8.self)
        findings.add(file: file, text: text)
        map.values[key] = EmbeddedText(text: text, file: file)
      case .failure(ENOENT):
        findings.add(file: file)
      case let content:
        findings.add(file: file)
        complain(of: content, file, findings)
      }
    }
    let names = files.glob(escaped(prefix) + "*").map { $0.dropFirst(prefix.count) }
    let others = names.map(String.init).filter { !KubeDNSConfigMap.keys.contains($0) }
    if !map.values.isEmpty {
      KubeDNSConfigMap.warn(of: others, at: place, findings: findings)
    } else if !others.isEmpty {
      KubeDNSConfigMap.refuse("directory", with: others, at: place, findings: findings)
    } else if !findings.hasErrors {
      // An optional ConfigMap that is absent or empty is mounted so.
      findings.warning(
        place, "the directory is empty: the defaults of kube-dns count",
        expected: "Corefile, or of kube-dns \(KubeDNSConfigMap.keys.joined(separator: ", "))")
    }
    return findings.hasErrors ? nil : .kubeDNS(map)
  }

  private static func complain(
    of content: FileReading.Content, _ file: String, _ findings: Findings
  ) {
    findings.error(
      Place(file: file, line: 1, column: 1),
      "cannot read the configuration: \(content.complaint ?? "it is no file")",
      expected: "a file with the value of the ConfigMap's key")
  }

  /// The path for `glob(3)`, so that it matches itself.
  private static func escaped(_ path: String) -> String {
    var text = ""
    for character in path {
      if "*?[\\".contains(character) { text += "\\" }
      text.append(character)
    }
    return text
  }
}
