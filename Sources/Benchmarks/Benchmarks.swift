import Glibc

// Writes the sets that scripts/bench measures: the same cluster as manifests for martlet and as a
// master file for its peers, with the questions asked of both. The script runs the servers, since
// they are to be measured from outside.

@main struct Benchmarks {
  static func main() {
    guard let request = Request(CommandLine.arguments.dropFirst()) else {
      print("usage: Benchmarks services=N endpoints=N headless-percent=N directory=PATH")
      exit(2)
    }
    let set = request.set
    do {
      try TextFile.write(request.path("manifests/namespaces.json"), set.writeNamespaces)
      try TextFile.write(request.path("manifests/services.json"), set.writeServices)
      try TextFile.write(request.path("manifests/slices.json"), set.writeSlices)
      try TextFile.write(request.path("cluster.zone"), set.writeMasterFile)
      for workload in Workload.allCases {
        try TextFile.write(request.path("\(workload.rawValue).questions")) { file in
          set.writeQuestions(workload, to: &file)
        }
      }
    } catch {
      print("\(error.path): errno \(error.errno)")
      exit(1)
    }
  }
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
