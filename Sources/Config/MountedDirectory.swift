/// What lies in a directory as a mounted ConfigMap gives it: a file for each key.
enum MountedDirectory {
  /// Nil where nothing in it can be used; why is in `findings`.
  static func read(
    _ directory: String, files: FileReading, findings: Findings
  ) -> ConfigurationText? {
    let prefix = directory.hasSuffix("/") ? directory : directory + "/"
    let corefile = prefix + "Corefile"
    switch value(corefile, files) {
    case .octets(let octets):
      warn(ofKeysBeside: corefile, prefix, files, findings)
      return ConfigMapForm.read(octets, file: corefile, findings: findings)
    case .absent:
      findings.add(file: corefile)
      return kubeDNS(directory, prefix, files, findings)
    case .unreadable(let complaint):
      findings.add(file: corefile)
      complain(complaint, corefile, findings)
      return nil
    }
  }

  private enum KeyValue {
    case octets([UInt8])
    /// The ConfigMap does not have the key.
    case absent
    case unreadable(String)
  }

  /// A key that is there and cannot be read is not absent: without its value, names of the inside
  /// would be asked for outside.
  private static func value(_ file: String, _ files: FileReading) -> KeyValue {
    switch files.entry(file) {
    case .absent: return .absent
    case .dangling: return .unreadable("it is a link to a file that is not there")
    case .special: return .unreadable("it is no regular file")
    case .readable:
      let content = files.read(file)
      if case .octets(let octets) = content { return .octets(octets) }
      return .unreadable(content.complaint ?? "it is no file")
    }
  }

  private static func warn(
    ofKeysBeside corefile: String, _ prefix: String, _ files: FileReading, _ findings: Findings
  ) {
    for key in KubeDNSConfigMap.keys {
      guard files.entry(prefix + key) != .absent else { continue }
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
      switch value(file, files) {
      case .octets(let octets):
        let text = String(decoding: octets, as: UTF8.self)
        findings.add(file: file, text: text)
        map.values[key] = EmbeddedText(text: text, file: file)
      case .absent:
        findings.add(file: file)
      case .unreadable(let complaint):
        findings.add(file: file)
        complain(complaint, file, findings)
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

  private static func complain(_ complaint: String, _ file: String, _ findings: Findings) {
    findings.error(
      Place(file: file, line: 1, column: 1), "cannot read the configuration: \(complaint)",
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
