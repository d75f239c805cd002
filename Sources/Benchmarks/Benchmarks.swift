import Glibc

// What scripts/bench needs beside the servers, which it runs itself, since they are to be measured
// from outside: the sets that it measures, the same cluster as manifests for martlet and as a master
// file for its peers with the questions asked of both; the client that waits for new answers; and
// the cache alone, whose pauses are too short to be told from the machine's from outside.

@main struct Benchmarks {
  static func main() {
    let words = CommandLine.arguments.dropFirst()
    if words.first == "latency" {
      guard let request = LatencyRequest(words.dropFirst()) else { usage() }
      run { () throws(SystemFailure) in try LatencyClient.run(request) }
    } else if words.first == "pauses" {
      guard words.count == 3, let entries = Int(words[2]), let rounds = Int(words[3]),
        (1...100_000_000).contains(entries), rounds > 0
      else { usage() }
      CachePauses.run(entries: entries, rounds: rounds)
    } else {
      guard let request = Request(words) else { usage() }
      run { () throws(SystemFailure) in try write(request) }
    }
  }

  private static func usage() -> Never {
    print("usage: Benchmarks services=N endpoints=N headless-percent=N directory=PATH")
    print("       Benchmarks latency log=PATH port=N seconds=N")
    print("       Benchmarks pauses ENTRIES ROUNDS")
    exit(2)
  }

  private static func run(_ body: () throws(SystemFailure) -> Void) {
    do {
      try body()
    } catch {
      print("\(error.subject): errno \(error.errno)")
      exit(1)
    }
  }

  private static func write(_ request: Request) throws(SystemFailure) {
    let set = request.set
    try TextFile.write(request.path("manifests/namespaces.json"), set.writeNamespaces)
    try TextFile.write(request.path("manifests/services.json"), set.writeServices)
    try TextFile.write(request.path("manifests/slices.json"), set.writeSlices)
    try TextFile.write(request.path("cluster.zone"), set.writeMasterFile)
    for workload in Workload.allCases {
      try TextFile.write(request.path("\(workload.rawValue).questions")) { file in
        set.writeQuestions(workload, to: &file)
      }
    }
  }
}

/// What the kernel refused: of which file or call, and its errno.
struct SystemFailure: Error {
  var subject: String
  var errno: Int32
}

/// What the command line asks for, as `key=value` words.
struct Request {
  var set = ServiceSet(serviceCount: 10_000, endpointCount: 0, headlessPercent: 0)
  var directory = "."

  /// Nil for a word that is not understood.
  init?(_ words: ArraySlice<String>) {
    for word in words {
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { return nil }
      switch (parts[0], Int(parts[1])) {
      case ("services", let count?) where count > 0: set.serviceCount = count
      case ("endpoints", let count?) where count >= 0: set.endpointCount = count
      case ("headless-percent", let share?) where (0...100).contains(share):
        set.headlessPercent = share
      case ("directory", _): directory = parts[1]
      default: return nil
      }
    }
  }

  func path(_ name: String) -> String { "\(directory)/\(name)" }
}
