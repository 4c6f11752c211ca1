import ConfigFiles
import Events
import Rules
import Testing

@Suite struct RuleFileTests {
  private static func load(_ texts: String...) -> (rules: CompiledRules?, diagnostics: Diagnostics) {
    var diagnostics = Diagnostics()
    let files = texts.enumerated().map { SourceFile(path: "rules\($0.offset + 1).yaml", text: $0.element) }
    return (CompiledRules.load(files: files, diagnostics: &diagnostics), diagnostics)
  }

  /// A rule that is right, with lines put in before its end.
  private static func rule(_ id: String, when: String = "seats > 3", _ lines: String = "level: high") -> String {
    """
      - id: \(id)
        about: risk
        category: usage
        title: "A headline"
        when: \(when)
        action: "Call."
        \(lines)

    """
  }

  @Test func readsARule() throws {
    let (rules, diagnostics) = Self.load(
      """
      rules:
        - id: slump
          about: risk
          category: usage
          title: "Down {{ drop }} on {{ seats }} seats"
          needs: count(usage.api, 28d) >= 200
          let:
            drop: -adjusted(change(count(usage.api), 14d))
            deep: drop >= 80%
          when: drop >= 60%
          critical: deep
          clear: drop < 40% for 7d
          hold: 2d
          level: high
          evidence: [drop, deep: "very deep"]
          action: "Call {{ seats }} people."
      """)
    #expect(diagnostics.all.isEmpty, "\(diagnostics.rendered())")
    let rule = try #require(rules?.rule("slump"))
    #expect(rule.level == .high && rule.points == 70 && rule.hold == .days(2) && rule.subject == .account)
    #expect(rule.points(at: .high) == 70 && rule.points(at: .critical) == 100)
    #expect(rule.bindings.map(\.name) == ["drop", "deep"])
    #expect(rule.escalations.map(\.level) == [.critical])
    #expect(rule.kinds == [.subscription, .usage] || rule.kinds == [.usage])
    #expect(rules?.cohortFeatures.map(\.id) == ["change(count(usage.api), 14d)"])
  }

  /// One file with many faults: each is reported in one run, at its place, with its line, a caret and a hint.
  @Test func reportsEveryFaultInOneRun() throws {
    let text = """
      rules:
        - id: one
          about: risk
          category: usag
          title: "Down {{ drp }}"
          let:
            drop: -adjusted(chnge(count(usage.api), 14d))
          when: drop >= 60% and exists(contact, role = champoin)
          action: "x"
          level: hihg
          hold: 2x
        - id: one
          about: risk
          categry: usage
          title: "{{ open"
          when: seats
          action: "x"
          level: high
          evidence: [nothing]
      tears: []
      """
    let (rules, diagnostics) = Self.load(text)
    #expect(rules == nil)
    let found = diagnostics.all.map { "\($0.range.line):\($0.range.column) \($0.code) \($0.range.text)" }
    let expected = [
      "4:15 BW0109 usag", "5:21 BW1010 drp", "7:23 BW1012 chnge", "8:50 BW1013 champoin", "10:12 BW0109 hihg", "11:11 BW0108 2x",
      "12:9 BW1030 one", "14:5 BW0105 categry", "15:13 BW1032 {{", "16:11 BW1025 seats", "19:16 BW1035 nothing",
      "20:1 BW0105 tears",
    ]
    for line in expected { #expect(found.contains { $0.hasPrefix(line) }, "\(line) is not among\n\(found.joined(separator: "\n"))") }
    #expect(diagnostics.all.count == expected.count, "\(diagnostics.rendered())")
    let function = try #require(diagnostics.all.first { $0.code == "BW1012" })
    #expect(
      function.rendered() == """
        rules1.yaml:7:23: error[BW1012]: there is no function chnge
         7 |       drop: -adjusted(chnge(count(usage.api), 14d))
           |                       ^^^^^
           = hint: did you mean change?
        """)
  }

  @Test func pointsIntoAFoldedExpression() throws {
    let (_, diagnostics) = Self.load(
      """
      rules:
        - id: one
          about: risk
          category: usage
          title: "x"
          when: >
            seats > 3
            and exists(contact, rol = champion)
          action: "x"
          level: high
      """)
    let diagnostic = try #require(diagnostics.all.first)
    #expect(diagnostics.all.count == 1)
    #expect(diagnostic.range.line == 8 && diagnostic.range.column == 27 && diagnostic.range.text == "rol")
  }

  @Test func ordersRulesBehindThoseTheyRead() throws {
    let (rules, diagnostics) = Self.load(
      "rules:\n" + Self.rule("a", when: "firing(z)") + Self.rule("b"),
      "rules:\n" + Self.rule("z", when: "level_of(y) >= high") + Self.rule("y"))
    #expect(diagnostics.all.isEmpty, "\(diagnostics.rendered())")
    #expect(rules?.rules.map(\.id) == ["b", "y", "z", "a"])
  }

  @Test func refusesACircle() throws {
    let (rules, diagnostics) = Self.load(
      "rules:\n" + Self.rule("a", when: "firing(b)") + Self.rule("b", when: "firing(a)") + Self.rule("c", when: "firing(a)"))
    #expect(rules == nil)
    #expect(diagnostics.all.map(\.code) == ["BW1031", "BW1031"])
    #expect(diagnostics.all.first?.message.contains("a → b → a") == true)
  }

  @Test func refusesARuleThatReadsAllOfItsKind() {
    let (rules, diagnostics) = Self.load("rules:\n" + Self.rule("a", when: "any_firing(risk)"))
    #expect(rules == nil)
    #expect(diagnostics.all.map(\.code) == ["BW1031"])
  }

  @Test(arguments: [
    ("level: high\n    points: 70", "BW1034"), ("hold: 1d", "BW1034"), ("level: high\n    medium: seats > 9", "BW1034"),
    ("points: 200", "BW0107"), ("level: high\n    let: {seats: 3}", "BW1033"), ("level: high\n    let: {Bad: 3}", "BW1033"),
    ("level: high\n    clear: 3", "BW1025"), ("level: high\n    evidence: [{a: b, c: d}]", "BW1035"),
    ("level: high\n    subject: acount", "BW0109"), ("level: high\n    owner: x", "BW0105"),
  ])
  func refuses(_ lines: String, _ code: String) {
    let (rules, diagnostics) = Self.load("rules:\n" + Self.rule("a", lines))
    #expect(rules == nil)
    #expect(diagnostics.all.map(\.code) == [code], "\(diagnostics.rendered())")
  }

  @Test func acceptsPointsBelowZeroForGoodNews() {
    let (rules, diagnostics) = Self.load("rules:\n" + Self.rule("a", "points: -15"))
    #expect(diagnostics.all.isEmpty, "\(diagnostics.rendered())")
    #expect(rules?.rules.first?.points == -15)
    #expect(rules?.rules.first?.level == .context)
  }

  @Test func acceptsTheMostRulesAndRefusesOneMore() {
    let file = { (count: Int) in "rules:\n" + (0..<count).map { Self.rule("r\($0)") }.joined() }
    #expect(Self.load(file(RuleLimits.rules)).rules?.rules.count == RuleLimits.rules)
    #expect(Self.load(file(RuleLimits.rules + 1)).diagnostics.all.map(\.code) == ["BW1037"])
  }

  @Test func readsTiersInTheirOrder() {
    let (rules, diagnostics) = Self.load(
      "tiers:\n  - tier: blocked\n    when: risk_band >= at_risk\n  - tier: low\n    when: true\n")
    #expect(diagnostics.all.isEmpty, "\(diagnostics.rendered())")
    #expect(rules?.tiers.map(\.tier) == [.blocked, .low])
    #expect(Self.load("tiers:\n  - tier: low\n    when: true\n  - tier: low\n    when: true\n").diagnostics.all.map(\.code) == ["BW1036"])
  }

  @Test func aTierNobodyCanRuleOutAsBlockedIsNotGoodNews() throws {
    let text = "tiers:\n  - tier: blocked\n    when: exists(invoice)\n  - tier: medium\n    when: true\n  - tier: low\n    when: true\n"
    let tiers = try #require(Self.load(text).rules?.tiers)
    var scene = Scene()
    #expect(Evaluator.tier(among: tiers, scene.facts)?.tier == .medium)
    scene.unknownKinds = [.invoice]
    #expect(Evaluator.tier(among: tiers, scene.facts)?.tier == .low)
  }
}

@Suite struct RuleDocumentationTests {
  @Test func everyCodeHasASection() throws {
    let text = try Repository.text("docs/rules/errors.md")
    for code in RuleCode.allCases { #expect(text.contains("\n## \(code.rawValue) "), "\(code.rawValue) has no section") }
  }

  @Test func everyFunctionSourceAndScalarIsInTheReference() throws {
    let text = try Repository.text("docs/rules/language.md")
    for name in LanguageVocabulary.functions { #expect(text.contains("`\(name)("), "\(name) is not documented") }
    for name in LanguageVocabulary.values { #expect(text.contains("`\(name)`"), "\(name) is not documented") }
    for name in LanguageVocabulary.derivedFields { #expect(text.contains("`\(name)`"), "\(name) is not documented") }
    for name in LanguageVocabulary.ruleKeys { #expect(text.contains("`\(name)`"), "\(name) is not documented") }
  }
}
