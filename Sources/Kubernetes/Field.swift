internal import Cluster
internal import Documents
internal import Wire

/// Fields as the API server's validation takes them (Kubernetes, "Object Names and IDs").
enum Field {
  /// RFC 1123 label: at most 63 of a–z, 0–9 and `-`, which is not first or last.
  static func isLabel(_ text: String) -> Bool {
    text.utf8.count <= DomainName.maximumLabelOctets && isPart(text.utf8)
  }

  private static func isPart(_ octets: some BidirectionalCollection<UInt8>) -> Bool {
    guard let first = octets.first, let last = octets.last else { return false }
    return first != UInt8(ascii: "-") && last != UInt8(ascii: "-")
      && octets.allSatisfy { octet in
        switch octet {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
          UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }

  /// RFC 1123 subdomain as Kubernetes takes it: at most 253 octets; what stands between the dots
  /// may be longer than a label, and generated names are.
  static func isSubdomain(_ text: String) -> Bool {
    text.utf8.count <= 253
      && text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        .allSatisfy(isPart)
  }

  static func address(_ value: Value, _ field: String) throws(FieldError) -> IPAddress {
    if let bits = value.withOctets({ dotted($0) }) ?? nil { return IPAddress(v4: bits) }
    guard let text = value.string else { throw FieldError("\(field): not a string") }
    guard let address = IPAddress(text) else {
      throw FieldError("\(field): '\(text)' is not an IP address")
    }
    return address
  }

  static func addresses(
    _ elements: Value.Elements?, _ field: String
  ) throws(FieldError) -> [IPAddress] {
    guard let elements else { return [] }
    var addresses: [IPAddress] = []
    for element in elements { addresses.append(try address(element, field)) }
    return addresses
  }

  /// The usual IPv4 address in one go, as there are a hundred thousand; nil: look closer.
  private static func dotted(_ text: RawSpan) -> UInt32? {
    guard (7...15).contains(text.byteCount) else { return nil }
    var bits: UInt32 = 0
    var part: UInt32 = 0
    var digits = 0
    var dots = 0
    for offset in 0..<text.byteCount {
      let octet = unsafe text.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
      if octet == UInt8(ascii: "."), digits > 0, dots < 3 {
        bits = bits << 8 | part
        (part, digits, dots) = (0, 0, dots + 1)
      } else {
        guard (0x30...0x39).contains(octet), digits == 0 || part > 0 else { return nil }
        part = part * 10 + UInt32(octet - 0x30)
        digits += 1
        guard part <= 255 else { return nil }
      }
    }
    return dots == 3 && digits > 0 ? bits << 8 | part : nil
  }

  static func port(_ value: Value, _ needsNumber: Bool) throws(FieldError) -> Port {
    let name = value["name"]?.string ?? ""
    guard name.isEmpty || isLabel(name) else {
      throw FieldError("ports: name '\(name)' is not a DNS label")
    }
    let transport: String
    switch value["protocol"]?.string {
    case nil, "", "TCP": transport = "tcp"
    case "UDP": transport = "udp"
    case "SCTP": transport = "sctp"
    case let other?: throw FieldError("ports: protocol '\(other)' is not TCP, UDP or SCTP")
    }
    guard let port = value["port"] else {
      if needsNumber { throw FieldError("ports: an entry has no port") }
      return Port(name: name, transport: transport, number: nil)
    }
    guard let integer = port.integer, let number = UInt16(exactly: integer),
      number > 0 || !needsNumber
    else { throw FieldError("ports: a port is not a number from 1 to 65535") }
    return Port(name: name, transport: transport, number: number == 0 ? nil : number)
  }

  /// Nil for an IP literal, which resolvers would take for a name.
  static func externalName(_ value: Value?) throws(FieldError) -> DomainName? {
    guard let text = value?.string, !text.isEmpty else { throw FieldError("has no externalName") }
    if IPAddress(text) != nil { return nil }
    let isPlain = text.utf8.allSatisfy { octet in
      let folded = ASCII.folded(octet)
      return (0x61...0x7A).contains(folded) || (0x2D...0x39).contains(octet) && octet != 0x2F
        || octet == UInt8(ascii: "_")
    }
    guard isPlain, let name = DomainName(text), !name.isRoot else {
      throw FieldError("externalName '\(text)' is not a DNS name")
    }
    return name
  }
}

extension Value? {
  /// The elements of an array; none where there is none.
  var elementsOrNone: [Value] {
    map { Array($0.elements) } ?? []
  }
}
