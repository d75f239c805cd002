import Cluster
import Foundation
import IO
import Kubernetes
import Testing
import Wire

/// A directory of manifests, a source that follows it, and what the source has said.
final class Directory: ObjectSink {
  let path: String
  let loop = EventLoop()
  private(set) var objects: [ObjectKey: ClusterObject] = [:]
  private(set) var reports: [String] = []
  private(set) var changeCount = 0
  private(set) var source: ManifestSource?

  init() throws {
    let made = FileManager.default.temporaryDirectory
      .appendingPathComponent("martlet-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: made, withIntermediateDirectories: true)
    path = made.resolvingSymlinksInPath().path
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  /// Reads and follows paths relative to the directory; `""` is the directory itself.
  func load(_ paths: [String] = [""]) {
    let source = ManifestSource(
      paths: paths.map { $0.isEmpty ? path : path + "/" + $0 }, loop: loop, sink: self
    ) { [unowned self] text, severity in
      reports.append("\(severity): " + text.replacingOccurrences(of: path + "/", with: ""))
      loop.stop()
    }
    self.source = source
    source.load()
  }

  func apply(_ changes: [ObjectChange]) {
    changeCount += changes.count
    for change in changes {
      switch change {
      case .upsert(let object): objects[object.key] = object
      case .delete(let key): objects[key] = nil
      }
    }
    loop.stop()
  }

  /// Runs the loop until `condition` holds; false when a minute passes before.
  func run(until condition: () -> Bool) -> Bool {
    var isLate = false
    let timer = loop.after(.seconds(60)) { [unowned self] in
      isLate = true
      loop.stop()
    }
    defer { timer.cancel() }
    while !condition(), !isLate { loop.run() }
    return condition()
  }

  // MARK: - What is served

  /// Services as `namespace/name address…`, sorted.
  var services: [String] {
    objects.values.compactMap { object in
      guard case .service(let service) = object, case .clusterIP(let addresses) = service.kind
      else { return nil }
      return (["\(service.id.namespace)/\(service.id.name)"] + addresses.map(\.description))
        .joined(separator: " ")
    }.sorted()
  }

  // MARK: - Changes on disk

  func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name))
  }

  func write(_ name: String, _ octets: [UInt8]) throws {
    try Data(octets).write(to: URL(fileURLWithPath: path + "/" + name))
  }

  /// Writes beside and renames, as tools do that care.
  func replace(_ name: String, _ text: String) throws {
    try write(name + ".tmp", text)
    move(name + ".tmp", to: name)
  }

  func remove(_ name: String) throws {
    try FileManager.default.removeItem(atPath: path + "/" + name)
  }

  func makeDirectory(_ name: String) throws {
    try FileManager.default.createDirectory(
      atPath: path + "/" + name, withIntermediateDirectories: true)
  }

  func link(_ name: String, to target: String) throws {
    try FileManager.default.createSymbolicLink(
      atPath: path + "/" + name, withDestinationPath: target)
  }

  func move(_ name: String, to other: String) {
    let result = unsafe rename(path + "/" + name, path + "/" + other)
    #expect(result == 0)
  }
}

/// A Service as YAML.
func service(_ name: String, _ address: String) -> String {
  "{apiVersion: v1, kind: Service, metadata: {name: \(name)}, spec: {clusterIP: \(address)}}\n"
}

/// A Service as JSON.
func serviceJSON(_ name: String, _ address: String) -> String {
  #"{"apiVersion":"v1","kind":"Service","metadata":{"name":"\#(name)"},"spec":{"clusterIP":"\#(address)"}}"#
}
