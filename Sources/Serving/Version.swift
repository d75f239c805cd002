/// What martlet calls itself.
public enum Version {
  /// Of martlet.
  public static let number = "0.1.0"
  /// The release of CoreDNS that martlet stands in for: scripts and alerts look for it.
  public static let coreDNS = "1.14.7"
  /// The commit it was built from is not known to the build.
  public static let revision = ""

  /// The compiler's version, major and minor.
  public static var swift: String {
    #if compiler(>=6.4)
      "6.4"
    #elseif compiler(>=6.3)
      "6.3"
    #else
      "6.2"
    #endif
  }

  static var architecture: String {
    #if arch(x86_64)
      "amd64"
    #elseif arch(arm64)
      "arm64"
    #else
      "unknown"
    #endif
  }

  /// martlet's own line, then CoreDNS's two.
  public static var lines: [String] {
    let platform = ["linux/\(architecture)", "swift\(swift)", revision]
    return [
      "martlet-\(number)", "CoreDNS-\(coreDNS)",
      platform.filter { !$0.isEmpty }.joined(separator: ", "),
    ]
  }
}
