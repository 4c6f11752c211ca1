import Events
import Foundation
import Simulation
import Testing

/// The catalogue's company, the rules that are shipped and the table in the manual tell of the same signals.
@Suite struct CatalogueTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static func text(_ path: String) throws -> String { try String(contentsOf: root.appending(path: path), encoding: .utf8) }

  private static func yaml(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path).filter { $0.hasSuffix(".yaml") }.sorted()
  }

  /// The cells of the manual's table, by rule.
  private static func rows() throws -> [String: [String]] {
    let lines = try text("docs/rules/catalogue.md").split(separator: "\n").filter { $0.hasPrefix("| `") }
    return Dictionary(
      lines.map { line in
        let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        return (cells[0].trimmingCharacters(in: CharacterSet(charactersIn: "`")), cells)
      }
    ) { first, _ in first }
  }

  /// Flags are about the company, of which there is only one.
  @Test func everyShippedRuleHasACaseAndADecoy() throws {
    let ids = try Self.yaml(in: "config/rules").flatMap { file in
      let lines = try Self.text("config/rules/\(file)").split(separator: "\n").prefix { $0 != "flags:" }
      return lines.filter { $0.hasPrefix("  - id: ") }.map { String($0.dropFirst(8)) }
    }
    let shown = Set(Exhibit.all.map(\.rule))
    #expect(ids.count > 10)
    #expect(ids.filter { !shown.contains($0) } == [])
  }

  @Test func theManualTellsOfEachCaseAndDecoy() throws {
    let rows = try Self.rows()
    #expect(Set(rows.keys) == Set(Exhibit.all.map(\.rule)))
    for exhibit in Exhibit.all {
      let cells = try #require(rows[exhibit.rule])
      #expect(cells.count == 6 && cells.suffix(2) == [exhibit.caseWords, exhibit.decoyWords], "\(exhibit.rule)")
    }
  }

  @Test func theManualNamesRuleTestsThatAreThere() throws {
    for (rule, cells) in try Self.rows() where cells[3] != "–" {
      let file = cells[3].trimmingCharacters(in: CharacterSet(charactersIn: "`"))
      #expect(try Self.text("config/rules/tests/\(file)").contains("- rule: \(rule)\n"), "\(rule) in \(file)")
    }
  }

  @Test func eachSignalHasAnAccountOfItsOwn() {
    var options = SimulationOptions(months: 1)
    options.isCatalogue = true
    let shown = SimulatedWorld(options).truth.exhibits
    #expect(shown.count == Exhibit.all.count * 2)
    #expect(Set(shown.map(\.account)).count == shown.count)
    #expect(Set(Exhibit.all.map(\.rule)).count == Exhibit.all.count)
    #expect(SimulatedWorld(options, exhibits: ["happy"]).truth.exhibits == shown.filter { $0.rule == "happy" })
  }
}
