internal import Events
internal import Features
internal import Revenue

extension RowContext {
  /// What people wrote in a row.
  var prose: Prose {
    let fields: [String] =
      switch row.kind {
      case .ticket: ["subject", "body"]
      case .engagement: ["text"]
      case .survey: ["comment"]
      case .opportunity: ["competitor", "lost_reason"]
      default: []
      }
    return Prose(fields.compactMap { row[$0]?.text }.joined(separator: "\n"))
  }

  func sentiment(_ lexicons: Lexicons) -> Outcome {
    lexicons.sentiment(of: prose, rating: row["csat"]?.text).map(Outcome.number) ?? .missing(.unset(row.kind, "sentiment"))
  }
}

extension Evaluation {
  /// Whether the row at hand holds a phrase of a lexicon.
  func mentions(_ lexicon: String) -> Outcome {
    guard let row, let lexicon = facts.company.lexicons[lexicon] else { return .missing(.named("no row")) }
    return .flag(!lexicon.found(in: row.prose).isEmpty)
  }
}

extension RowContext {
  /// The company of the CRM at which a contact who left works now, if it is no customer.
  func newEmployer(_ facts: Facts) -> Prospect? {
    let prospects = facts.company.prospects
    guard !prospects.isEmpty else { return nil }
    let found = history.newCompany(of: row, held: facts.company.heldEdits).lazy.compactMap { prospects.prospect(at: $0) }.first
    return found?.account == facts.account.key ? nil : found
  }

  /// The product line that serves the topic of a visit; missing where none does, or where the account has it already.
  func productLine(_ facts: Facts) -> Outcome {
    let catalog = facts.company.catalog
    let owned = Set(facts.account.ledger.level(on: facts.today)?.plans.compactMap { catalog.plans[$0]?.productLine } ?? [])
    guard let topic = row["topic"]?.text, let line = catalog.productLine(serving: topic), !owned.contains(line) else {
      return .missing(.unset(row.kind, "product_line"))
    }
    return .text(line)
  }
}
