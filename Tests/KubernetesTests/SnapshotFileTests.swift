import Cluster
import IO
import Testing
import Wire

@testable import Kubernetes

struct SnapshotFileTests {
  private let directory: Directory

  init() throws {
    directory = try Directory()
  }

  private var path: String { directory.path + "/snapshot.json" }

  /// A snapshot's octets, written without the help of files.
  static func octets(
    _ objects: [ClusterObject], written: Int64 = 1_763_712_381, selection: String = ""
  ) -> [UInt8] {
    var text = SnapshotText(written: written, selection: selection)
    for object in objects { text.append(object) }
    text.finish()
    let octets = text.take()
    var checksum = CRC32C()
    checksum.update(octets)
    return octets + SnapshotText.end(checksum)
  }

  private func read(
    _ octets: [UInt8], selection: String = "", keepsLabels: Bool = false
  ) throws -> (reading: SnapshotFile.Reading, objects: [ClusterObject]) {
    try directory.write("snapshot.json", octets)
    var objects: [ClusterObject] = []
    let reading = SnapshotFile.read(path, selection: selection, keepsLabels: keepsLabels) {
      objects += $0
    }
    return (reading, objects)
  }

  private func reason(_ octets: [UInt8]) throws -> String? {
    let (reading, objects) = try read(octets)
    guard case .ignored(let sentence) = reading, objects.isEmpty else { return nil }
    #expect(sentence.hasPrefix("snapshot \(path) is ignored: "))
    return String(sentence.dropFirst("snapshot \(path) is ignored: ".count))
  }

  // MARK: - Whole

  @Test("What is written is read, whatever it is", arguments: 1...20)
  func roundTrip(seed: UInt64) throws {
    for hasLabels in [false, true] {
      var maker = ObjectMaker(seed: seed)
      let objects = (0..<100).map { maker.object($0, hasLabels: hasLabels) }
      let (reading, found) = try read(Self.octets(objects), keepsLabels: hasLabels)
      #expect(reading == .loaded(.init(written: 1_763_712_381, objectCount: 100)))
      #expect(found == objects, "seed \(seed)")
    }
  }

  @Test("A snapshot reads as Kubernetes' own JSON, an object a line")
  func text() {
    let objects: [ClusterObject] = [
      .namespace(Namespace(name: "a", labels: ["team": "x"])),
      .service(
        Service(
          id: ObjectName(namespace: "a", name: "web"),
          kind: .clusterIP([IPAddress(v4: 0x0A60_0001)]),
          ports: [Port(name: "http", transport: "tcp", number: 80)])),
      .slice(
        EndpointSlice(
          id: ObjectName(namespace: "a", name: "web-1"), serviceName: "web",
          ports: [Port(name: "", transport: "udp", number: nil)],
          endpoints: PackedEndpoints([
            Endpoint(addresses: [IPAddress(high: 0, low: 1)], hostname: "h", podName: "p")
          ]), notReadyCount: 2)),
    ]
    #expect(
      String(decoding: Self.octets(objects, selection: "labels a=b"), as: UTF8.self) == #"""
        {"apiVersion":"v1","kind":"List","metadata":{"annotations":{"martlet/snapshot-format":"1",\#
        "martlet/snapshot-time":"2025-11-21T08:06:21Z",\#
        "martlet/snapshot-selection":"labels a=b"}},"items":[
        {"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a","labels":{"team":"x"}}},
        {"apiVersion":"v1","kind":"Service","metadata":{"name":"web","namespace":"a"},\#
        "spec":{"clusterIPs":["10.96.0.1"],"ports":[{"protocol":"TCP","name":"http","port":80}]}},
        {"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice",\#
        "metadata":{"name":"web-1","namespace":"a","labels":{"kubernetes.io/service-name":"web"}},\#
        "addressType":"IPv6","ports":[{"protocol":"UDP"}],"endpoints":[\#
        {"addresses":["::1"],"hostname":"h","targetRef":{"kind":"Pod","name":"p"}},\#
        {"addresses":["0.0.0.0","0.0.0.0"],"conditions":{"ready":false}}]}
        ],"checksum":"crc32c:eb95d3d5"}

        """#)
  }

  @Test("'manifests' takes a snapshot and has the same objects")
  func manifests() throws {
    var maker = ObjectMaker(seed: 5)
    let objects = (0..<50).map { maker.object($0, hasLabels: false) }
    try directory.write("snapshot.json", Self.octets(objects))
    directory.load(["snapshot.json"])
    #expect(Set(directory.objects.values) == Set(objects))
    #expect(directory.reports == [])
  }

  @Test("A snapshot of nothing is one")
  func nothing() throws {
    let (reading, objects) = try read(Self.octets([]))
    #expect(reading == .loaded(.init(written: 1_763_712_381, objectCount: 0)))
    #expect(objects == [])
  }

  @Test("No file is no snapshot yet; a directory is named")
  func missing() throws {
    #expect(SnapshotFile.read(path, selection: "") { _ in } == .missing)
    try directory.makeDirectory("snapshot.json")
    #expect(
      SnapshotFile.read(path, selection: "") { _ in }
        == .ignored("snapshot \(path) is ignored: Is a directory"))
  }

  // MARK: - Not whole

  private static var small: [UInt8] {
    var maker = ObjectMaker(seed: 3)
    return octets((0..<2).map { maker.object($0, hasLabels: false) })
  }

  @Test("Every truncation is found")
  func truncations() throws {
    let whole = Self.small
    for count in whole.indices {
      let reason = try reason(Array(whole[..<count]))
      if count == 0 {
        #expect(reason == "it is empty")
      } else if reason?.hasPrefix("it is cut off") != true,
        reason != "it is damaged: its checksum is not that of its contents",
        reason?.hasPrefix("its format is") != true
      {
        Issue.record("\(count) octets: \(reason ?? "taken")")
      }
    }
  }

  @Test("Every octet that is another is found")
  func corruptions() throws {
    let whole = Self.small
    var random = ObjectMaker(seed: 9)
    for index in whole.indices {
      for flip in [0x20, UInt8.random(in: 1...255, using: &random)] {
        var octets = whole
        octets[index] ^= flip
        let reason = try reason(octets)
        #expect(reason != nil, "octet \(index), \(flip)")
      }
    }
    #expect(try reason(whole + [0x0A]) != nil)
  }

  /// A text, and why it is ignored.
  static let foreignTexts = [
    ("{}", "it is not a snapshot of martlet"),
    (#"{"apiVersion":"v1","kind":"List","items":[]}"#, "it is not a snapshot of martlet"),
    (#"{"apiVersion":"v1","kind":"List","meta"#, "it is cut off"),
    (
      String(decoding: SnapshotText.magic, as: UTF8.self) + #"2","x":"y"}},"items":[]}"#,
      "its format is '2', and this martlet reads '1'"
    ),
    (
      String(decoding: octets([]), as: UTF8.self).replacing(
        #"-format":"1""#, with: #"-format":"10""#),
      "its format is '10', and this martlet reads '1'"
    ),
    (
      String(decoding: octets([]), as: UTF8.self).replacing("2025", with: "2024"),
      "it is damaged: its checksum is not that of its contents"
    ),
  ]

  @Test("A file of another kind or time is named with the reason", arguments: foreignTexts)
  func foreign(_ text: String, _ reason: String) throws {
    #expect(try self.reason(Array(text.utf8)) == reason)
  }

  @Test("Objects that were chosen in another way are not taken")
  func selection() throws {
    let octets = Self.octets([.namespace(Namespace(name: "a"))], selection: "labels a=b")
    let (reading, objects) = try read(octets, selection: "labels a=c")
    #expect(
      reading
        == .ignored(
          "snapshot \(path) is ignored: it has the objects of 'labels a=b', and not those of "
            + "'labels a=c'"))
    #expect(objects == [])
    #expect(try read(octets, selection: "labels a=b").objects.count == 1)
  }

  @Test("An object that this version does not take is named; the others are taken")
  func strange() throws {
    let good = ClusterObject.namespace(Namespace(name: "a"))
    let (reading, objects) = try read(Self.octets([.namespace(Namespace(name: "A b")), good]))
    #expect(
      reading
        == .loaded(
          .init(
            written: 1_763_712_381, objectCount: 1,
            problem: "snapshot \(path): Namespace A b: the name is not a DNS label")))
    #expect(objects == [good])
  }

  // MARK: - Time

  /// Seconds since 1970 and their text.
  static let times: [(Int64, String)] = [
    (0, "1970-01-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"),
    (951_782_399, "2000-02-28T23:59:59Z"), (951_782_400, "2000-02-29T00:00:00Z"),
    (951_868_800, "2000-03-01T00:00:00Z"), (1_709_164_800, "2024-02-29T00:00:00Z"),
    (4_107_542_400, "2100-03-01T00:00:00Z"), (253_402_300_799, "9999-12-31T23:59:59Z"),
  ]

  @Test("Time is written as RFC 3339 does", arguments: times)
  func time(seconds: Int64, text: String) {
    #expect(Timestamp.text(seconds) == text)
    #expect(Timestamp.read(text) == seconds)
  }

  @Test(
    "What is no time is none",
    arguments: ["", "2023-02-29T00:00:00Z", "2024-13-01T00:00:00Z", "2024-01-01T00:00:00+00"])
  func noTime(_ text: String) {
    #expect(Timestamp.read(text) == nil)
  }
}
