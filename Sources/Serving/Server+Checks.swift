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
}
