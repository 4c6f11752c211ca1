import ConfigFiles
import Events
import Rules
import Testing

/// `define:`, `only:` and `by:` tables.
@Suite struct DefinitionTests {
  private static func load(_ texts: String...) -> (rules: CompiledRules?, diagnostics: Diagnostics) {
    var diagnostics = Diagnostics()
    let files = texts.enumerated().map { SourceFile(path: "rules\($0.offset + 1).yaml", text: $0.element) }
    return (CompiledRules.load(files: files, diagnostics: &diagnostics), diagnostics)
  }

  private static func rule(_ lines: String) -> String {
    """
    rules:
      - id: one
        about: risk
        category: usage
        title: "A headline"
        action: "Call."
        level: high
        \(lines)

    """
  }

  @Test func aDefinitionIsKnownInEveryFileAndMayUseOthersInAnyOrder() throws {
    let (rules, diagnostics) = Self.load(
      Self.rule("when: is_large"), "define:\n  is_large: paid >= 10\n  paid: seats + 0\ntiers:\n  - {tier: high, when: is_large}\n")
    #expect(diagnostics.all.isEmpty, "\(diagnostics.rendered())")
    let loaded = try #require(rules)
    let rule = try #require(loaded.rule("one"))
    var scene = Scene()
    scene.subscribe(seats: 10, on: 0)
    #expect(Evaluator.reading(of: rule, scene.facts) == .met(.high))
    #expect(Evaluator.tier(among: loaded.tiers, scene.facts)?.tier == .high)
    scene.subscribe(seats: 9, on: 10)
    #expect(Evaluator.reading(of: rule, scene.facts) == .quiet)
  }

  @Test(arguments: [
    ("define: {a: 1}\n", "when: seats > 1\ndefine: {a: 2}", "BW1039"), ("define: {a: b, b: a}\n", "when: seats > 1", "BW1040"),
    ("define: {seats: 1}\n", "when: seats > 1", "BW1033"), ("define: {a: case.age}\n", "when: seats > 1", "BW1024"),
    ("define: {a: sets}\n", "when: seats > 1", "BW1010"), ("define: {a: 1}\n", "let: {a: 2}\n    when: seats > a", "BW1039"),
  ])
  func namesWhatIsWrong(_ definitions: String, _ lines: String, _ code: String) {
    let (rules, diagnostics) = Self.load(definitions, Self.rule(lines))
    #expect(rules == nil)
    #expect(diagnostics.all.contains { $0.code == code }, "\(diagnostics.rendered())")
  }

  @Test(arguments: [("enterprise", 40), ("smb", 60), ("public", 50), (nil, 50)])
  func aTableGivesTheValueOfTheAccountsWord(_ segment: String?, _ percent: Int) throws {
    let table = "let:\n      floor: {by: account.segment, enterprise: 40%, smb: 60%, else: 50%}\n    when: floor = \(percent)%"
    let (rules, diagnostics) = Self.load(Self.rule(table))
    #expect(diagnostics.all.isEmpty, "\(diagnostics.rendered())")
    var scene = Scene()
    scene.record(.account, "a", on: 0, segment.map { ["segment": .text($0)] } ?? ["name": .text("A")])
    #expect(Evaluator.reading(of: try #require(rules?.rule("one")), scene.facts) == .met(.high))
  }

  @Test(arguments: [
    "{by: account.segment, smb: 1}", "{smb: 1, else: 2}", "{by: seats, smb: 1, else: 2}", "{by: account.segment, smb: 1d, else: 2}",
    "{by: account.contract.term, anual: 1, else: 2}",
  ])
  func aTableThatCannotBeReadIsAFault(_ table: String) {
    let (rules, diagnostics) = Self.load(Self.rule("let: {floor: \(table)}\n    when: seats > 1"))
    #expect(rules == nil)
    #expect(diagnostics.all.map(\.code) == ["BW1041"], "\(diagnostics.rendered())")
  }

  @Test func onlyNarrowsARule() throws {
    let (rules, _) = Self.load(Self.rule("only: account.segment = \"smb\"\n    when: seats > 1"))
    let rule = try #require(rules?.rule("one"))
    var scene = Scene()
    scene.subscribe(seats: 10, on: 0)
    #expect(Evaluator.reading(of: rule, scene.facts).isKnown == false)
    scene.record(.account, "a", on: 0, ["segment": .text("smb")])
    #expect(Evaluator.reading(of: rule, scene.facts) == .met(.high))
    scene.record(.account, "a", on: 9, ["segment": .text("enterprise")])
    #expect(Evaluator.reading(of: rule, scene.facts) == .notApplicable)
    #expect(Evaluator.concerns(rule, scene.facts) == .flag(false))
  }
}
