import Cluster
import Foundation
import Kubernetes
import Testing

/// Each runs a real event loop on a real directory; nothing sleeps.
@Suite struct ManifestChangeTests {
  @Test func `a written file, a renamed one and a removed one`() throws {
    let directory = try Directory()
    directory.load()
    try directory.write("a.yaml", service("a", "10.0.0.1"))
    #expect(directory.run { directory.services == ["default/a 10.0.0.1"] })
    try directory.replace("a.yaml", service("a", "10.0.0.2"))
    #expect(directory.run { directory.services == ["default/a 10.0.0.2"] })
    directory.move("a.yaml", to: "b.yaml")
    try directory.write("c.json", serviceJSON("c", "10.0.0.3"))
    #expect(directory.run { directory.services == ["default/a 10.0.0.2", "default/c 10.0.0.3"] })
    try directory.remove("b.yaml")
    #expect(directory.run { directory.services == ["default/c 10.0.0.3"] })
    #expect(directory.reports.isEmpty)
  }

  @Test func `only what has changed is passed on`() throws {
    let directory = try Directory()
    try directory.write("a.yaml", service("a", "10.0.0.1") + "---\n" + service("b", "10.0.0.2"))
    directory.load()
    let before = directory.changeCount
    try directory.replace("a.yaml", service("a", "10.0.0.1") + "---\n" + service("b", "10.0.0.3"))
    #expect(directory.run { directory.services.last == "default/b 10.0.0.3" })
    #expect(directory.changeCount == before + 1)
  }

  @Test func `directories that come, move and go`() throws {
    let directory = try Directory()
    directory.load()
    try directory.makeDirectory("x/y")
    try directory.write("x/y/a.yaml", service("a", "10.0.0.1"))
    #expect(directory.run { directory.services == ["default/a 10.0.0.1"] })
    directory.move("x", to: "z")
    try directory.write("z/y/b.yaml", service("b", "10.0.0.2"))
    #expect(directory.run { directory.services == ["default/a 10.0.0.1", "default/b 10.0.0.2"] })
    try directory.write("z/y/b.yaml", service("b", "10.0.0.3"))
    #expect(directory.run { directory.services == ["default/a 10.0.0.1", "default/b 10.0.0.3"] })
    try directory.remove("z")
    #expect(directory.run { directory.services.isEmpty })
  }

  @Test func `a mounted ConfigMap whose ..data link is swapped`() throws {
    let directory = try Directory()
    try directory.makeDirectory("..1")
    try directory.write("..1/a.yaml", service("a", "10.0.0.1"))
    try directory.link("..data", to: "..1")
    try directory.link("a.yaml", to: "..data/a.yaml")
    directory.load()
    #expect(directory.services == ["default/a 10.0.0.1"])
    for address in ["10.0.0.2", "10.0.0.3"] {
      try directory.makeDirectory("..\(address)")
      try directory.write("..\(address)/a.yaml", service("a", address))
      try directory.link("..data_tmp", to: "..\(address)")
      directory.move("..data_tmp", to: "..data")
      #expect(directory.run { directory.services == ["default/a \(address)"] })
    }
    #expect(directory.reports.isEmpty)
  }

  @Test func `a file given by a path that leads through such a link`() throws {
    let directory = try Directory()
    try directory.makeDirectory("..1")
    try directory.write("..1/a.yaml", service("a", "10.0.0.1"))
    try directory.link("..data", to: "..1")
    try directory.link("a.yaml", to: "..data/a.yaml")
    directory.load(["a.yaml"])
    try directory.makeDirectory("..2")
    try directory.write("..2/a.yaml", service("a", "10.0.0.2"))
    try directory.link("..data_tmp", to: "..2")
    directory.move("..data_tmp", to: "..data")
    #expect(directory.run { directory.services == ["default/a 10.0.0.2"] })
  }

  @Test func `a file that a link elsewhere leads to`() throws {
    let directory = try Directory()
    let elsewhere = try Directory()
    try elsewhere.write("target", service("a", "10.0.0.1"))
    try directory.link("a.yaml", to: elsewhere.path + "/target")
    directory.load()
    #expect(directory.services == ["default/a 10.0.0.1"])
    try elsewhere.write("target", service("a", "10.0.0.2"))
    #expect(directory.run { directory.services == ["default/a 10.0.0.2"] })
  }

  @Test func `links in a circle`() throws {
    let directory = try Directory()
    try directory.makeDirectory("x")
    try directory.link("x/y", to: "..")
    try directory.link("loop.yaml", to: "loop.yaml")
    try directory.write("x/a.yaml", service("a", "10.0.0.1"))
    directory.load()
    #expect(directory.services == ["default/a 10.0.0.1"])
  }

  @Test(arguments: ["{", "kind: [\n"])
  func `a broken file keeps serving what it said last`(broken: String) throws {
    let directory = try Directory()
    let name = broken == "{" ? "a.json" : "a.yaml"
    try directory.write(name, serviceJSON("a", "10.0.0.1"))
    try directory.write("b.yaml", service("b", "10.0.0.2"))
    directory.load()
    try directory.write(
      name, serviceJSON("x", "10.0.0.9") + "\n" + (name == "a.yaml" ? "---\n" : "") + broken)
    #expect(directory.run { directory.reports.count == 1 })
    #expect(directory.reports.first?.hasPrefix("error: \(name):") == true)
    #expect(directory.services == ["default/a 10.0.0.1", "default/b 10.0.0.2"])
    #expect(directory.source?.status.map(\.path) == [directory.path + "/" + name])
    try directory.write(name, serviceJSON("a", "10.0.0.3"))
    #expect(directory.run { directory.services == ["default/a 10.0.0.3", "default/b 10.0.0.2"] })
    #expect(directory.source?.status.isEmpty == true)
  }

  @Test func `an object that becomes invalid stays as it was`() throws {
    let directory = try Directory()
    try directory.write("a.yaml", service("a", "10.0.0.1") + "---\n" + service("b", "10.0.0.2"))
    directory.load()
    try directory.write("a.yaml", service("a", "10.0.0.x") + "---\n" + service("b", "10.0.0.3"))
    #expect(directory.run { directory.services == ["default/a 10.0.0.1", "default/b 10.0.0.3"] })
    #expect(
      directory.reports
        == ["error: a.yaml:1:1: Service default/a: clusterIPs: '10.0.0.x' is not an IP address"])
  }

  @Test func `when the winner goes the other comes back`() throws {
    let directory = try Directory()
    for (name, address) in [("a", 1), ("b", 2), ("c", 3)] {
      try directory.write("\(name).yaml", service("s", "10.0.0.\(address)"))
    }
    directory.load()
    #expect(directory.services == ["default/s 10.0.0.3"])
    try directory.write("c.yaml", service("other", "10.0.0.4"))
    #expect(
      directory.run { directory.services == ["default/other 10.0.0.4", "default/s 10.0.0.2"] })
    try directory.remove("a.yaml")
    try directory.remove("c.yaml")
    #expect(directory.run { directory.services == ["default/s 10.0.0.2"] })
    try directory.remove("b.yaml")
    #expect(directory.run { directory.services.isEmpty })
  }

  @Test(arguments: [["default/s 10.0.0.1"], ["default/t 10.0.0.4"]])
  func `when the winner goes while the other is broken its last version stays until that is mended`(
    mended: [String]
  ) throws {
    let directory = try Directory()
    try directory.write("a.yaml", service("s", "10.0.0.1"))
    try directory.write("b.yaml", service("s", "10.0.0.2") + "---\n" + service("x", "10.0.0.9"))
    directory.load()
    try directory.write("a.yaml", service("s", "10.0.0.3") + "---\nkind: [\n")
    #expect(directory.run { directory.reports.count == 2 })
    try directory.remove("b.yaml")
    #expect(directory.run { directory.services == ["default/s 10.0.0.2"] })
    let words = mended[0].split(separator: " ")
    try directory.write("a.yaml", service(String(words[0].dropFirst(8)), String(words[1])))
    #expect(directory.run { directory.services == mended })
  }

  @Test func `an earlier path does not win by changing later`() throws {
    let directory = try Directory()
    try directory.write("a.yaml", service("s", "10.0.0.1"))
    try directory.write("b.yaml", service("s", "10.0.0.2"))
    directory.load()
    try directory.write("a.yaml", service("s", "10.0.0.3") + "---\n" + service("t", "10.0.0.4"))
    #expect(directory.run { directory.services == ["default/s 10.0.0.2", "default/t 10.0.0.4"] })
    #expect(directory.reports.count == 1)
  }

  @Test(arguments: [["x/y"], ["x/y/a.yaml"]])
  func `a missing path is warned of once and read when it comes`(paths: [String]) throws {
    let directory = try Directory()
    directory.load(paths)
    #expect(directory.reports == ["warning: \(paths[0]): No such file or directory"])
    #expect(directory.source?.isSynchronized == false)
    #expect(directory.source?.status.map(\.problem) == ["No such file or directory"])
    try directory.makeDirectory("x/y")
    try directory.write("x/y/a.yaml", service("a", "10.0.0.1"))
    #expect(directory.run { directory.services == ["default/a 10.0.0.1"] })
    #expect(directory.source?.isSynchronized == true)
    #expect(directory.source?.status.isEmpty == true)
    try directory.remove("x")
    // A file that is removed takes its objects along; a whole directory that is gone does not.
    #expect(directory.run { directory.source?.status.isEmpty == false })
    #expect(directory.services.isEmpty == paths[0].hasSuffix(".yaml"))
    #expect(directory.source?.isSynchronized == true)
  }

  @Test func `more changes at once than the kernel keeps events of`() throws {
    let directory = try Directory()
    directory.load()
    // Two events each; fs.inotify.max_queued_events is 16,384 unless set.
    try directory.write("0.yaml", service("a", "10.0.0.1"))
    for number in 0..<8_500 { directory.move("\(number).yaml", to: "\(number + 1).yaml") }
    try directory.write("b.yaml", service("b", "10.0.0.2"))
    #expect(directory.run { directory.services == ["default/a 10.0.0.1", "default/b 10.0.0.2"] })
  }
}
