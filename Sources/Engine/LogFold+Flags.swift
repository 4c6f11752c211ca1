import Events
import Features
import Revenue
import Rules

/// What the retention figures say of the whole company and of its parts, judged at the start of each month.
extension LogFold {
  /// Opens and ends flags by the figures of the days that are over; says nothing while billing cannot be read or is not known long enough.
  mutating func judgeFlags(now: Instant) {
    guard let configuration, let known = portfolio.known.range(of: .subscription), known.staleSince == nil else { return }
    let last = configuration.calendar.day(of: now) - 1
    guard (last + 1).civil.day == 1 else { return }
    let calendar = configuration.calendar
    let book = RevenueBook(
      accounts.keys.sorted().compactMap { accounts[$0] }, configuration, asOf: now,
      cases: accounts.mapValues(\.cases))
    // The level at the end of a day needs that day's end to be known.
    let figures = FlagFigures(book.portfolio, through: last, pipeline: openPipeline(now: now)) { calendar.end(of: $0) > known.from }.rows
    closeFlags(except: Set(figures.map(\.cut)), Set(configuration.rules.flags.map(\.id)), now: now)
    guard let company = currentCompany() else { return }
    for (cut, figures) in figures {
      let facts = FlagFigures.facts(figures, company, now: now)
      for flag in configuration.rules.flags { judge(flag, of: cut, facts, now: now) }
    }
  }

  private mutating func judge(_ flag: Rule, of cut: Cut, _ facts: Facts, now: Instant) {
    switch Evaluator.reading(of: flag, facts) {
    case .met: open(flag.id, of: .cut(cut), now: now) { Alert.Draft(flag, cut, facts) }
    // What cannot be reckoned neither opens nor ends anything.
    case .unknown: break
    case .quiet, .notApplicable: close(flag.id, of: .cut(cut), reason: "cleared", now: now) { Alert.Draft(flag, cut, facts) }
    }
  }

  /// Open expansion opportunities by product line, minor units; what names no line is left out.
  private func openPipeline(now: Instant) -> [String: Int64] {
    var sums: [String: Int64] = [:]
    for state in accounts.values {
      for row in state.entities.rows(.opportunity, asOf: now) where row["type"]?.text == "expansion" && row["won"] == nil {
        guard row["closed_at"] == nil, let line = row["product_line"]?.text, let amount = row["amount"]?.integer, amount > 0 else {
          continue
        }
        sums[line, default: 0] += amount
      }
    }
    return sums
  }

  /// Ends what is open on a cut that holds no account any more, and the findings of flags that were taken out.
  private mutating func closeFlags(except cuts: Set<Cut>, _ flags: Set<String>, now: Instant) {
    for finding in portfolio.companyFindings where finding.isOpen {
      guard case .cut(let cut) = finding.subject else { continue }
      if !flags.contains(finding.rule) {
        close(finding.rule, of: finding.subject, reason: "rule_removed", now: now, nil)
      } else if !cuts.contains(cut) {
        close(finding.rule, of: finding.subject, reason: "cleared", now: now, nil)
      }
    }
  }
}

extension Alert.Draft {
  fileprivate init(_ flag: Rule, _ cut: Cut, _ facts: Facts) {
    self.init(
      name: cut.words, title: Evaluator.render(flag.title, facts), level: Alert.Level(rawValue: flag.level.rawValue) ?? .context,
      about: .revenue, facts: Evaluator.evidence(of: flag, facts).map(\.text), play: Evaluator.render(flag.action, facts),
      values: Evaluator.values(of: flag, facts))
  }
}

extension Cut {
  /// `segment SMB`, `all accounts`.
  package var words: String {
    dimension == .total ? "all accounts" : "\(dimension.rawValue.replacing("_", with: " ")) \(value)"
  }
}
