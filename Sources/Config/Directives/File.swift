/// `file DBFILE [ZONES…] { reload DURATION; fallthrough [ZONES…] }`.
enum File {
  static func read(_ directive: Statement, _ context: DirectiveContext) -> [FileSettings] {
    guard let path = directive.arguments.first else {
      context.findings.error(
        directive.name.place, "'file' lacks an argument", expected: "file DBFILE [ZONES…]")
      return []
    }
    var settings = FileSettings(
      path: path.text, zones: context.zonesOrBlock(directive.arguments.dropFirst()),
      place: directive.name.place)
    context.read(
      directive,
      [
        "reload": { property in
          guard let token = context.argument(property, usage: "reload DURATION"),
            let duration = context.duration(token)
          else { return }
          settings.reload = duration
        },
        "reload_by_mtime": { property in
          _ = context.hasArguments(property, 0...0, usage: "reload_by_mtime")
        },
        "fallthrough": { settings.fallThrough = context.fallThrough($0) },
      ],
      removed: ["upstream": "no such line: names outside the zone are looked up by this server"],
      moved: ["transfer": "transfer"])
    return [settings]
  }
}
