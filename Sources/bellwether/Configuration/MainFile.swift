import ConfigFiles

/// `bellwether.yaml`: what belongs to no feed, rule or sink.
struct MainFile: Sendable {
  var consolePort = 8787
  var secretsFolder: String?
  /// Where what the daemon must remember outside the store lies.
  var stateFolder: String?

  init() {}

  init(_ file: SourceFile, environment: Environment, into diagnostics: inout Diagnostics) {
    guard let root = parse(file, into: &diagnostics) else { return }
    let node = environment.interpolated(root, into: &diagnostics)
    guard var reader = MappingReader(node, what: "settings file", into: &diagnostics) else { return }
    if let console = reader.optional("console"), var section = MappingReader(console, what: "console section", into: &diagnostics) {
      consolePort = Int(section.integer("port", in: 0...65_535, into: &diagnostics) ?? Int64(consolePort))
      section.finish(into: &diagnostics)
    }
    if let secrets = reader.optional("secrets"), var section = MappingReader(secrets, what: "secrets section", into: &diagnostics) {
      secretsFolder = section.text("folder", into: &diagnostics)
      section.finish(into: &diagnostics)
    }
    if let state = reader.optional("state"), var section = MappingReader(state, what: "state section", into: &diagnostics) {
      stateFolder = section.text("folder", into: &diagnostics)
      section.finish(into: &diagnostics)
    }
    reader.finish(into: &diagnostics)
  }
}
