internal import Events
internal import Features

/// The words of the language, for documentation, completion and their tests; each list in a fixed order.
package enum LanguageVocabulary {
  package static let functions = Checker.functionNames
  /// Names that stand for one value, and the sources of usage.
  package static let values = Scalar.allCases.map(\.rawValue) + UsageSource.names
  package static let kinds = RuleSchema.rowKinds.map(\.rawValue)
  /// `ticket.came_back` and so on.
  package static let derivedFields = DerivedField.allCases.map { "\($0.kind.rawValue).\($0.rawValue)" }
  package static let ruleKeys = [
    "id", "about", "category", "subject", "title", "only", "needs", "let", "when", "low", "medium", "high", "critical", "clear", "hold",
    "level",
    "points", "evidence", "action", "opener",
  ]
}
