import ConfigFiles
import Store

extension Diagnostic.Code {
  static let mappedTwice: Self = "BW0503"
}

/// `links.yaml`: ids whose account or person no record names.
enum LinksFile {
  /// The lines, in the order of the file; an id stands in one line only.
  static func read(_ file: SourceFile, environment: Environment, into diagnostics: inout Diagnostics) -> [LinkMapping] {
    guard let root = parse(file, into: &diagnostics) else { return [] }
    let node = environment.interpolated(root, into: &diagnostics)
    guard var reader = MappingReader(node, what: "links file", into: &diagnostics) else { return [] }
    let accounts = reader.list("accounts", into: &diagnostics)
    let people = reader.list("people", into: &diagnostics)
    reader.finish(into: &diagnostics)
    return lines(accounts, .account, key: "account", into: &diagnostics) + lines(people, .person, key: "person", into: &diagnostics)
  }

  private static func lines(
    _ nodes: [Node], _ subject: LinkConflict.Subject, key: String, into diagnostics: inout Diagnostics
  ) -> [LinkMapping] {
    var lines: [LinkMapping] = []
    for node in nodes {
      guard var reader = MappingReader(node, what: "link", into: &diagnostics) else { continue }
      let system = reader.requiredText("system", into: &diagnostics)
      let id = reader.requiredText("id", into: &diagnostics)
      let target = reader.requiredText(key, into: &diagnostics)
      reader.finish(into: &diagnostics)
      guard let system, let id, let target else { continue }
      if lines.contains(where: { $0.system == system && $0.id == id }) {
        diagnostics.report(
          .mappedTwice, "\(system) \(id) stands in two lines", at: reader.range(ofKey: "id"), hint: "keep the one that is right")
        continue
      }
      lines.append(LinkMapping(subject: subject, system: system, id: id, target: target))
    }
    return lines
  }
}
