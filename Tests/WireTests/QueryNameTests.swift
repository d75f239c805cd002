import Testing

import Wire

@Suite struct QueryNameTests {
  static func read(_ octets: [UInt8], _ name: inout QueryName) -> Bool {
    octets.withOctets { name.read($0, at: 0) }
  }

  @Test(arguments: [
    ("WWW.Example.COM.", "www.example.com."), (".", "."), ("a.", "a."),
    ("[\\]^_`{|}~@.", "[\\]^_`{|}~@."), ("\\193\\250.X.", "\\193\\250.x."),
    ("ABCDEFGHIJKLMNOPQRSTUVWXYZ.", "abcdefghijklmnopqrstuvwxyz."),
  ])
  func `a name is folded in ASCII alone`(text: String, folded: String) throws {
    var name = QueryName()
    let isRead = Self.read(try #require(DomainName(text)).octets, &name)
    #expect(isRead)
    #expect(name.domainName == DomainName(folded))
  }

  @Test func `every octet folds as RFC 4343 says, at every place of a word`() {
    var name = QueryName()
    for octet in UInt8.min...UInt8.max {
      for before in 0..<9 {
        let label = [UInt8](repeating: 0x5A, count: before) + [octet]
        let isRead = Self.read([UInt8(label.count)] + label + [0], &name)
        let found = name.label(0).array
        #expect(isRead && found == label.map(ASCII.folded))
      }
    }
  }

  @Test func `labels and suffixes are those of the name`() throws {
    var name = QueryName()
    let read = try #require(DomainName("One.two.three."))
    _ = Self.read(read.octets, &name)
    let labels = (0..<name.labelCount).map { name.label($0).array }
    #expect(labels == ["one", "two", "three"].map { Array($0.utf8) })
    let suffixes = [1, 3].map { name.suffix(from: $0).array }
    #expect(suffixes == [[3] + Array("two".utf8) + [5] + Array("three".utf8) + [0], [0]])
    let middle = name.labels(1..<2).array
    #expect(middle == [3] + Array("two".utf8))
    let matches = [name.label(1, is: "two"), name.label(1, is: "tw"), name.label(1, is: "TWO")]
    #expect(matches == [true, false, false])
  }

  @Test func `a short name after a long one keeps nothing of it`() {
    var name = QueryName()
    _ = Self.read([UInt8](repeating: 1, count: 254) + [0], &name)
    #expect(name.labelCount == 127)
    _ = Self.read([1, 98, 0], &name)
    #expect(name.labelCount == 1)
    let octets = name.octets.array
    #expect(octets == [1, 98, 0])
  }

  @Test(
    arguments: [
      [], [1], [1, 97], [0xC0, 0], [64] + [UInt8](repeating: 97, count: 64) + [0],
      [UInt8](repeating: 1, count: 256) + [0],
    ] as [[UInt8]])
  func `what is no whole plain name is refused`(octets: [UInt8]) {
    var name = QueryName()
    let isRead = Self.read(octets, &name)
    #expect(!isRead)
  }
}
