import CLinux

/// The environment variables that the process was started with.
public enum ProcessEnvironment {
  /// All of them by name; of equal names the first counts, as for getenv.
  public static var current: [String: String] {
    var result: [String: String] = [:]
    // SAFETY: nothing in the process sets a variable, so the array and its strings stay.
    guard var entry = unsafe clinux_environment() else { return [:] }
    while let text = unsafe entry.pointee {
      let words = unsafe String(cString: text).split(separator: "=", maxSplits: 1)
      if words.count == 2, result[String(words[0])] == nil {
        result[String(words[0])] = String(words[1])
      }
      unsafe entry += 1
    }
    return result
  }
}
