import CLinux

/// The environment variables that the process was started with.
public enum ProcessEnvironment {
  /// All of them by name; of equal names the first counts, as for getenv.
  public static var current: [String: String] {
    var entries: [String] = []
    // SAFETY: nothing in the process sets a variable, so the array and its strings stay.
    guard var entry = unsafe clinux_environment() else { return [:] }
    while let text = unsafe entry.pointee {
      entries.append(unsafe String(cString: text))
      unsafe entry += 1
    }
    return variables(entries)
  }

  /// What entries such as `NAME=VALUE` say; one without `=` says nothing.
  static func variables(_ entries: [String]) -> [String: String] {
    let pairs = entries.compactMap { entry -> (String, String)? in
      let words = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return words.count == 2 ? (String(words[0]), String(words[1])) : nil
    }
    return Dictionary(pairs) { first, _ in first }
  }
}
