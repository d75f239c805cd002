/// The share of the CPUs that the process's cgroups grant it: `cpu.max` of cgroup v2, the CFS quota
/// of v1. A container sees its own cgroup as the root; under systemd the path leads there.
enum CPUQuota {
  /// CPUs; nil where nothing limits them.
  static func read() -> Double? {
    quota(of: FileText.read("/proc/self/cgroup") ?? "", reading: FileText.read)
  }

  /// - Parameters:
  ///   - memberships: lines of `/proc/self/cgroup` (cgroups(7)): `0::/a/b`, `4:cpu,cpuacct:/a`.
  ///   - file: a file's text; nil where there is none.
  static func quota(of memberships: String, reading file: (String) -> String?) -> Double? {
    var least: Double?
    for line in memberships.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let isUnified = fields[0] == "0" && fields[1].isEmpty
      guard isUnified || fields[1].split(separator: ",").contains("cpu") else { continue }
      // Every cgroup on the way to the root limits those below it.
      var path = fields[2]
      while true {
        let found = isUnified ? unified(path, file) : legacy(path, file)
        if let found { least = min(least ?? found, found) }
        guard let slash = path.lastIndex(of: "/") else { break }
        path = path[..<slash]
      }
    }
    return least
  }

  private static func unified(_ path: Substring, _ file: (String) -> String?) -> Double? {
    guard let parts = file("/sys/fs/cgroup\(path)/cpu.max")?.split(whereSeparator: \.isWhitespace),
      parts.count == 2, let quota = Double(parts[0]), let period = Double(parts[1]), period > 0
    else { return nil }
    return quota / period
  }

  private static func legacy(_ path: Substring, _ file: (String) -> String?) -> Double? {
    func number(_ name: String) -> Double? {
      file("/sys/fs/cgroup/cpu\(path)/\(name)")?.split(whereSeparator: \.isWhitespace).first
        .flatMap { Double($0) }
    }
    guard let quota = number("cpu.cfs_quota_us"), let period = number("cpu.cfs_period_us"),
      quota > 0, period > 0
    else { return nil }
    return quota / period
  }
}
