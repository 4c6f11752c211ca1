import ConfigFiles
import Events
import Rules
import Testing

/// The shipped flags at their bounds, and what a flag may read.
@Suite struct FlagTests {
  private static func load(_ text: String) -> (rules: CompiledRules?, diagnostics: Diagnostics) {
    var diagnostics = Diagnostics()
    return (CompiledRules.load(files: [SourceFile(path: "flags.yaml", text: text)], diagnostics: &diagnostics), diagnostics)
  }

  /// Rates in tenths of a per cent; ten accounts unless told otherwise.
  private struct Case: Sendable, CustomTestStringConvertible {
    let flag: String
    var dimension = "segment"
    let figures: [Figure: Int]
    let fires: Bool

    var testDescription: String {
      "\(flag) \(fires ? "fires" : "is quiet") at \(figures.map { "\($0.key.rawValue) \($0.value)" }.sorted().joined(separator: ", "))"
    }
  }

  private static let cases = [
    Case(flag: "leak_behind_growth", figures: [.nrr: 1_001, .grr: 900], fires: true),
    Case(flag: "leak_behind_growth", figures: [.nrr: 1_000, .grr: 900], fires: false),
    Case(flag: "leak_behind_growth", figures: [.nrr: 1_100, .grr: 901], fires: false),
    Case(flag: "leak_behind_growth", figures: [.nrr: 1_100, .grr: 800, .accounts: 9], fires: false),
    Case(flag: "growth_on_few_shoulders", figures: [.nrr: 1_300, .grr: 700], fires: true),
    Case(flag: "growth_on_few_shoulders", figures: [.nrr: 1_299, .grr: 700], fires: false),
    Case(flag: "growth_on_few_shoulders", figures: [.nrr: 1_300, .grr: 701], fires: false),
    Case(flag: "low_retention", figures: [.nrr: 899, .grr: 899], fires: true),
    Case(flag: "low_retention", figures: [.nrr: 900, .grr: 899], fires: false),
    Case(flag: "underpriced", figures: [.nrr: 1_501], fires: true), Case(flag: "underpriced", figures: [.nrr: 1_500], fires: false),
    Case(flag: "segment_behind", figures: [.nrr: 900, .totalNRR: 1_050], fires: true),
    Case(flag: "segment_behind", figures: [.nrr: 901, .totalNRR: 1_050], fires: false),
    Case(flag: "segment_behind", dimension: "owner", figures: [.nrr: 900, .totalNRR: 1_050], fires: false),
    Case(flag: "logos_leaving", figures: [.nrr: 1_001, .logoChurn: 150], fires: true),
    Case(flag: "logos_leaving", figures: [.nrr: 1_001, .logoChurn: 149], fires: false),
    Case(flag: "logos_leaving", figures: [.nrr: 1_000, .logoChurn: 150], fires: false),
    Case(flag: "concentration_rising", dimension: "total", figures: [.top10Share: 450, .top10ShareYearAgo: 400], fires: true),
    Case(flag: "concentration_rising", dimension: "total", figures: [.top10Share: 449, .top10ShareYearAgo: 400], fires: false),
    Case(flag: "concentration_rising", figures: [.nrr: 1_000], fires: false),
    Case(flag: "many_contractions", figures: [.quarterShrinking: 100], fires: true),
    Case(flag: "many_contractions", figures: [.quarterShrinking: 99], fires: false),
    Case(flag: "many_contractions", figures: [.quarterShrinking: 300, .quarterAccounts: 9], fires: false),
    Case(flag: "pipeline_in_one_line", dimension: "product_line", figures: [.pipelineShare: 500], fires: true),
    Case(flag: "pipeline_in_one_line", dimension: "product_line", figures: [.pipelineShare: 499], fires: false),
    // 102, 102, 98, 98.
    Case(flag: "declining_months", figures: [.monthNRR: 980, .monthBeforeNRR: 980, .usualNRR: 1_020], fires: true),
    Case(flag: "declining_months", figures: [.monthNRR: 1_000, .monthBeforeNRR: 1_000, .usualNRR: 1_020], fires: true),
    Case(flag: "declining_months", figures: [.monthNRR: 980, .monthBeforeNRR: 1_001, .usualNRR: 1_020], fires: false),
    Case(flag: "declining_months", figures: [.monthNRR: 980, .monthBeforeNRR: 980], fires: false),
  ]

  @Test(arguments: cases)
  private func firesAtItsBound(_ sample: Case) throws {
    var diagnostics = Diagnostics()
    let rules = try #require(CompiledRules.load(files: try Repository.ruleFiles(), diagnostics: &diagnostics))
    let flag = try #require(rules.flags.first { $0.id == sample.flag })
    var numbers = sample.figures.mapValues { Fixed(millionths: Int64($0) * 1_000) }
    for figure in [Figure.accounts, .quarterAccounts, .monthAccounts] { numbers[figure] = Fixed(sample.figures[figure] ?? 10) }
    var facts = Scene().facts
    facts.figures = CutFigures(texts: [.cut: "all", .dimension: sample.dimension], numbers: numbers, currency: "usd")
    #expect((Evaluator.reading(of: flag, facts) == .met(flag.level)) == sample.fires)
  }

  @Test func speaksInTenthsOfAPerCent() throws {
    let text = """
      flags:
        - id: one
          title: "{{ cut }}: {{ nrr }} of {{ start_mrr }}"
          when: nrr < 200%
          level: low
          action: "Look."
      """
    let flag = try #require(Self.load(text).rules?.flags.first)
    var facts = Scene().facts
    facts.figures = CutFigures(
      texts: [.cut: "segment SMB"], numbers: [.nrr: Fixed(millionths: 1_015_000), .startMRR: Fixed(100_000_00)], currency: "eur")
    #expect(Evaluator.render(flag.title, facts) == "segment SMB: 101.5% of EUR 100,000")
  }

  @Test(arguments: [
    ("seats > 3", "BW1024"), ("account.segment = \"a\"", "BW1024"), ("count(ticket, 3d) > 1", "BW1024"), ("firing(one)", "BW1024"),
    ("nrr < 1 for 3d", "BW1024"), ("nr < 1", "BW1010"), ("nrr", "BW1025"),
  ])
  func readsFiguresAlone(_ condition: String, _ code: String) {
    let (rules, diagnostics) = Self.load(
      "flags:\n  - {id: one, title: T, when: '\(condition)', level: low, action: A}\n")
    #expect(rules == nil)
    #expect(diagnostics.all.map(\.code) == [code], "\(diagnostics.rendered())")
  }

  @Test func figuresExistOnlyInFlags() {
    let (rules, diagnostics) = Self.load(
      "rules:\n  - {id: one, about: risk, category: usage, title: T, when: nrr < 1, level: low, action: A}\n")
    #expect(rules == nil && diagnostics.all.map(\.code) == ["BW1024"], "\(diagnostics.rendered())")
  }

  @Test func aFlagIsNoRuleThatOthersCouldRead() {
    let flag = "flags:\n  - {id: two, title: T, when: nrr < 1, level: low, action: A}\n"
    let (_, diagnostics) = Self.load(
      "rules:\n  - {id: one, about: risk, category: usage, title: T, when: firing(two), level: low, action: A}\n" + flag)
    #expect(diagnostics.all.map(\.code) == ["BW1014"], "\(diagnostics.rendered())")
    let (_, twice) = Self.load(
      "rules:\n  - {id: two, about: risk, category: usage, title: T, when: seats > 1, level: low, action: A}\n" + flag)
    #expect(twice.all.map(\.code) == ["BW1030"], "\(twice.rendered())")
  }
}
