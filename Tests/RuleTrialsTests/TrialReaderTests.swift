import ConfigFiles
import RuleTrials
import Testing

@Suite struct TrialReaderTests {
  /// A file with one fault, and what is said of it: code, the text under the caret, a part of message or hint.
  @Test(arguments: [
    ("- rule: champion_lef\n    it: x\n    expect: [{ on 2025-06-02: quiet }]", "BW1101", "champion_lef", "did you mean champion_left?"),
    ("- rule: champion_left\n    it: x\n    expect: [{ on 2025-13-02: quiet }]", "BW1102", "on 2025-13-02", "write YYYY-MM-DD"),
    ("- rule: champion_left\n    it: x\n    expect: [{ on 2035-01-02: quiet }]", "BW1102", "quiet", "begin later"),
    ("- rule: champion_left\n    it: x\n    expect: [{ on 2025-06-02: firing }]", "BW1103", "firing", "no way for a rule to stand"),
    ("- rule: champion_left\n    it: x", "BW1103", "rule", "expects nothing"),
    (
      "- rule: champion_left\n    it: x\n    given: [{ daily logins: many }]\n    expect: [{ on 2025-06-02: quiet }]", "BW1104", "many",
      "neither how many nor who"
    ),
    (
      "- rule: champion_left\n    it: x\n    given: [{ daily report_vieved: 3 }]\n    expect: [{ on 2025-06-02: quiet }]", "BW1104",
      "daily report_vieved", "did you mean report_viewed?"
    ),
    (
      "- rule: champion_left\n    it: x\n    given: [{ on 2025-06-01: seats fall }]\n    expect: [{ on 2025-06-02: quiet }]", "BW1105",
      "seats fall", "seats 10 → 4"
    ),
    (
      "- rule: champion_left\n    it: x\n    given: [{ contact: ana, rol: champion }]\n    expect: [{ on 2025-06-02: quiet }]", "BW1106",
      "rol", "did you mean role?"
    ),
    (
      "- rule: champion_left\n    it: x\n    expect: [{ on 2025-06-02: quiet }, { on 2025-06-01: quiet }]", "BW1107", "on 2025-06-01",
      "write the days in order"
    ),
  ]) func faults(test: String, code: String, under: String, words: String) {
    var diagnostics = Diagnostics()
    let file = SourceFile(path: "tests.yaml", text: "tests:\n  \(test)\n")
    #expect(TrialReader(Shipped.configuration).trials(in: [file], into: &diagnostics).isEmpty || code == "BW1107" || code == "BW1102")
    #expect(diagnostics.all.first?.code == code)
    #expect(diagnostics.all.first?.range.text.hasPrefix(under) == true, "\(diagnostics.rendered())")
    let said = diagnostics.all.first.map { $0.message + " " + ($0.hint ?? "") } ?? ""
    #expect(said.contains(words), "\(said)")
  }

  @Test func aFailureSaysWhatHappenedInstead() throws {
    let file = SourceFile(
      path: "tests.yaml",
      text: """
        tests:
          - rule: champion_left
            it: is wrong
            given:
              - contact: ana
                role: champion
            expect:
              - on 2025-06-02: fires high
        """)
    var diagnostics = Diagnostics()
    let trial = try #require(TrialReader(Shipped.configuration).trials(in: [file], into: &diagnostics).first)
    let result = try trial.run(Shipped.configuration)
    #expect(result.failures.first?.found == "quiet")
    #expect(result.failures.first?.explanation.contains("successors") == true)
    #expect(result.coverage.percent < 100)
  }
}
