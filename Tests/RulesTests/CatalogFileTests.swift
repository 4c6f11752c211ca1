import ConfigFiles
import Features
import Rules
import Testing

/// Mistakes in the company's own vocabulary that no rule could show.
@Suite struct CatalogFileTests {
  private func plans(_ text: String) -> (tiers: [String], diagnostics: Diagnostics) {
    var diagnostics = Diagnostics()
    let plans = CatalogFiles.plans(SourceFile(path: "plans.yaml", text: text), into: &diagnostics)
    return (plans.tiers, diagnostics)
  }

  private func features(_ text: String, tiers: [String]) -> Diagnostics {
    var diagnostics = Diagnostics()
    _ = CatalogFiles.features(SourceFile(path: "features.yaml", text: text), tiers: tiers, into: &diagnostics)
    return diagnostics
  }

  private func faults(_ diagnostics: Diagnostics) -> [String] {
    diagnostics.all.map { "\($0.code) \($0.range.text) at \($0.range.line):\($0.range.position.column): \($0.hint ?? "")" }
  }

  @Test func aPlansTierIsOneOfThose() {
    let text = """
      tiers: [starter, growth, premium]
      plans:
        a: { tier: growth, seats: quantity }
        b: { tier: grwoth, seats: quantity }
        c: { seats: quantity }
        d: { tier: enterprise, seats: quantity }
      """
    #expect(
      faults(plans(text).diagnostics) == [
        "BW0506 grwoth at 4:14: did you mean growth?", "BW0506 enterprise at 6:14: known here: starter, growth, premium",
      ])
    #expect(faults(plans("plans: { a: { tier: growth } }").diagnostics) == [])
    // Whatever the order of the two.
    #expect(faults(plans("plans: { a: { tier: gold } }\ntiers: [growth]").diagnostics).count == 1)
  }

  @Test func soIsAFeatures() {
    let text = """
      features:
        export: { meaning: feature, tier: premum }
        login: { meaning: login, tier: starter }
        import: { meaning: feature }
      """
    #expect(faults(features(text, tiers: ["starter", "premium"])) == ["BW0506 premum at 2:37: did you mean premium?"])
    #expect(faults(features(text, tiers: [])) == [])
  }
}
