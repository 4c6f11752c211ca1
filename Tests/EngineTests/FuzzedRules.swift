import ConfigFiles
import Engine
import Events
import Features
import Rules

/// What libFuzzer throws at parser, type checker and evaluator, and what must hold of whatever comes. `Tests/Fuzzing` compiles this too.
///
/// The first byte says how the text is read: a rule file, or one expression in each place of a rule. Eight bytes more draw the log that
/// rules without fault are evaluated over.
struct FuzzedRules: Sendable {
  /// Something that held not.
  struct Broken: Error, CustomStringConvertible {
    let description: String
  }

  func check(_ input: [UInt8]) throws {
    guard input.count > 9 else { return }
    let seed = input[1..<9].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let text = String(decoding: input[9...], as: UTF8.self)
    let file = SourceFile(path: "rules.yaml", text: input[0].isMultiple(of: 2) ? text : Self.rule(around: text))
    var diagnostics = Diagnostics()
    let rules = CompiledRules.load(files: [file], diagnostics: &diagnostics)
    try check(diagnostics, of: file)
    guard let rules else {
      guard diagnostics.hasErrors else { throw Broken(description: "refused without a word") }
      return
    }
    guard !diagnostics.hasErrors else { throw Broken(description: "accepted with faults") }
    try evaluate(rules, seed: seed)
  }

  /// A rule that has the expression as a value, as a condition and in a text, whichever of them it can be.
  private static func rule(around expression: String) -> String {
    let quoted = JSON.text(expression).serialized()
    return """
      rules:
        - id: fuzzed
          about: risk
          category: usage
          title: "{{ x }}"
          let: { x: \(quoted) }
          when: x is known
          clear: x is missing
          level: high
          evidence: [x]
          action: "Call."
        - { id: other, about: risk, category: usage, title: t, when: \(quoted), hold: 1d, level: low, action: a }

      """
  }

  /// Each fault stands within the file and can be shown.
  private func check(_ diagnostics: Diagnostics, of file: SourceFile) throws {
    for fault in diagnostics.all {
      let range = fault.range
      guard range.offset >= 0, range.offset + range.length <= file.text.utf8.count, !fault.message.isEmpty else {
        throw Broken(description: "\(fault.code) stands outside the file")
      }
      _ = fault.rendered()
    }
  }

  /// The same log gives the same outcome, and a state that can be read back.
  private func evaluate(_ rules: CompiledRules, seed: UInt64) throws {
    let configuration = CompiledConfiguration(
      digest: "a", rules: rules, catalog: ProductCatalog(meanings: ["login": .login, "api_call": .api], plans: [:]), calendar: .utc)
    let steps = RandomHistory(seed: seed, accounts: 2, length: 12).steps
    var folds = [LogFold(source: { _ in configuration }), LogFold(source: { _ in configuration })]
    folds[1].isIncremental = false
    let outcomes = try folds.indices.map { try folds[$0].fold(steps) }
    guard outcomes[0].transitions == outcomes[1].transitions, outcomes[0].accounts.map(\.state) == outcomes[1].accounts.map(\.state) else {
      throw Broken(description: "incremental and anew differ")
    }
    _ = try LogFold(portfolio: outcomes[0].portfolio, accounts: outcomes[0].accounts, source: { _ in configuration })
    let format = OutcomeFormat(calendar: .utc, currency: "usd")
    for key in folds[0].accounts.keys.sorted() {
      for subject in folds[0].ruleCases(of: key) {
        _ = Evaluator.explain(subject.rule, subject.facts).rendered(format)
        _ = Evaluator.evidence(of: subject.rule, subject.facts)
      }
    }
  }
}
