public import Config
import Telemetry

// What a configuration asks for that reading it alone cannot say.
extension Server {
  /// What reading the configuration alone cannot find: patterns of `consolidate` that cannot be
  /// matched. With any of them a server cannot be made.
  public static func problems(in configuration: Configuration) -> [Diagnostic] {
    configuration.blocks.flatMap { $0.errors?.consolidations ?? [] }.compactMap { rule in
      do throws(PatternError) {
        _ = try MessagePattern(rule.pattern)
        return nil
      } catch {
        return Diagnostic(severity: .error, place: rule.place, message: "errors: \(error)")
      }
    }
  }

  /// Directives that are understood but do nothing in this version, and what that means.
  public static func inertPlugins(
    in configuration: Configuration
  ) -> [(name: String, effect: String)] {
    let blocks = configuration.blocks
    let all: [(name: String, isThere: Bool, effect: String)] = [
      ("forward", blocks.contains { !$0.forwards.isEmpty }, "no other server is asked"),
      ("cache", blocks.contains { $0.cache != nil }, "nothing is cached"),
      ("loop", blocks.contains(where: \.loop), "nothing is probed"),
    ]
    return all.filter(\.isThere).map { ($0.name, $0.effect) }
  }
}
