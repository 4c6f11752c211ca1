import Engine
import Events
import Features
import Revenue
import Rules

/// Levers, concentration, components and flags of the last twelve months.
struct RetentionReviewPage {
  private let book: RevenueBook
  private let review: RetentionReview
  private let flags: [FlagFigures.Raised]
  private let pipeline: [String: Int64]
  /// MRR of accounts ready to expand, now and a year ago.
  private let expandable: (now: Int64, before: Int64)
  private let churnedWhileReady: Int64
  private let championLosses: Int
  private let adoptionDeclines: Int

  private static let readyTiers: Set = ["medium", "high"]
  private static let readyDays = 180
  private static let championRules: Set = ["champion_left", "champion_silent"]
  private static let adoptionRules: Set = ["adoption_narrowing", "login_decline", "licensed_underuse"]

  init(_ revenue: RevenueSnapshot, by dimensions: [Cut.Dimension], transitions: [Transition], scores: [ScoreRow]) {
    let (book, snapshot) = (revenue.book, revenue.records)
    self.book = book
    let calendar = snapshot.configuration.calendar
    pipeline = Self.pipeline(snapshot, book)
    review = RetentionReview(
      book.portfolio, through: book.lastDay, by: dimensions, benchmarks: snapshot.configuration.revenue.benchmarks)
    // Billing's records reach back as far as they say, so every period has figures.
    flags = FlagFigures(book.portfolio, through: book.lastDay, pipeline: pipeline) { _ in true }
      .raised(snapshot.configuration.rules.flags, snapshot.configuration.calendar)
    let tiers = TierHistory(scores.filter { $0.at <= snapshot.now }, calendar)
    let year = Period(from: book.lastDay.adding(months: -12), to: book.lastDay)
    let base = { (day: Day) in book.portfolio.mrr(of: tiers.accounts(in: Self.readyTiers, on: day), on: day) }
    expandable = (base(year.to), base(year.from))
    churnedWhileReady = book.portfolio.churned(year) { account, day in
      tiers.was(account, in: Self.readyTiers, from: day - Self.readyDays, to: day - 1)
    }
    let recent = transitions.filter { $0.to == .firing && $0.at <= snapshot.now && book.lastDay - calendar.day(of: $0.at) < 90 }
    let count = { (rules: Set<String>) in Set(recent.filter { rules.contains($0.finding.rule) }.map(\.finding.subject.account)).count }
    championLosses = count(Self.championRules)
    adoptionDeclines = count(Self.adoptionRules)
  }

  /// Open expansion opportunities by product line, in the reporting currency.
  private static func pipeline(_ snapshot: Snapshot, _ book: RevenueBook) -> [String: Int64] {
    var sums: [String: Int64] = [:]
    for row in snapshot.accounts.flatMap({ $0.entities.rows(.opportunity, asOf: snapshot.now) }) {
      guard row["type"]?.text == "expansion", row["won"]?.flag == nil, row["closed_at"] == nil, let amount = row["amount"]?.integer,
        let factor = book.terms.currencies.factor(of: row["currency"]?.text ?? "")
      else { continue }
      let line = row["product_line"]?.text ?? ""
      sums[line.isEmpty ? Cut.unknown : line, default: 0] += Rational(amount).multiplied(by: factor)?.rounded ?? 0
    }
    return sums
  }

  private func money(_ minor: Int64) -> String { MoneyText.short(minor, currency: book.currency) }

  /// Flags, and the lever with most room: what nobody should miss.
  var summary: String {
    var lines = flagLines.isEmpty ? ["Twelve months: no flag is up."] : ["Twelve months: flags"] + flagLines
    if let total = review.levers.first, let lever = total.levers.first, lever.room > 0 {
      lines.append(
        "Most room: \(lever.rate.rawValue) is \(percent(lever.value)), \(total.benchmark.name) \(percent(lever.benchmark)); "
          + "closing that alone would be worth \(money(lever.room)) of MRR in a year.")
    }
    if !book.faults.isEmpty {
      let count = book.faults.count == 1 ? "1 fault in billing records bears" : "\(book.faults.count) faults in billing records bear"
      lines.append("\(count) on these figures: `bellwether reconcile` names \(book.faults.count == 1 ? "it" : "them").")
    }
    return lines.joined(separator: "\n")
  }

  private var flagLines: [String] {
    flags.map { "  \($0.rule), \($0.cut.words): \($0.title)" }
  }

  private func percent(_ millionths: Int64?) -> String { RevenueText.percent(millionths.map { Double($0) / 1_000_000 }) }

  var text: String { [levers, components, summary].joined(separator: "\n\n") }

  private var levers: String {
    var table = TextTable([
      ("CUT", .left), ("BENCHMARK", .left), ("LEVER", .left), ("IS", .right), ("BENCHMARK", .right), ("ROOM, MRR", .right), ("", .left),
    ])
    let greatest = review.levers.flatMap { $0.levers.map(\.room) }.max() ?? 0
    for row in review.levers {
      for lever in row.levers {
        table.add([
          row.cut == .total ? "total" : "\(row.cut.dimension.rawValue) \(row.cut.value)", row.benchmark.name, lever.rate.rawValue,
          percent(lever.value), percent(lever.benchmark), money(lever.room), RevenueText.bar(Double(lever.room), limit: Double(greatest)),
        ])
      }
    }
    let heading =
      "Levers after \(book.lastDay.adding(months: -12)) and through \(book.lastDay): NRR = (1 − churn − contraction) × (1 + expansion)"
    return table.isEmpty ? heading + "\nno benchmark is configured" : heading + "\n\n" + table.rendered()
  }

  private var components: String {
    let parts = review.total.composition
    var table = TextTable([("OF THE BASE", .left), ("ACCOUNTS", .right), ("MRR", .right), ("", .left)])
    for (name, part) in [
      ("expanding", parts.expanding), ("shrinking", parts.shrinking), ("churned", parts.churned), ("flat", parts.flat),
    ] {
      table.add([
        name, String(part.accounts), money(part.mrr), RevenueText.bar(Double(part.mrr), limit: Double(max(review.total.start, 1))),
      ])
    }
    let lines = [
      "Small contractions, below a tenth of an account's MRR: \(parts.smallContractions)",
      "Three greatest expansions: \(RevenueText.percent(review.total.top3ExpansionShare)) of all expansion",
      "Ten greatest customers: \(percent(review.topTen)) of MRR, a year ago \(percent(review.topTenYearAgo))",
      "Open expansion pipeline: " + (pipelineWords.isEmpty ? "none on record" : pipelineWords),
      "Ready to expand (tiers medium and high): \(money(expandable.now)) of MRR, a year ago \(money(expandable.before))",
      "Churned within \(Self.readyDays) days of being ready to expand: \(money(churnedWhileReady)) of MRR",
      "In 90 days: champion lost or silent at \(championLosses) accounts, adoption declining at \(adoptionDeclines)",
    ]
    return table.rendered() + "\n\n" + lines.joined(separator: "\n")
  }

  private var pipelineWords: String {
    let total = pipeline.values.reduce(0, +)
    return pipeline.sorted { $0.key < $1.key }.map { line, amount in
      "\(line) \(money(amount)) (\(RevenueText.percent(total == 0 ? nil : Double(amount) / Double(total))))"
    }.joined(separator: ", ")
  }

  var json: JSON {
    let parts = review.total.composition
    let part = { (part: RetentionFigures.Composition.Part) -> JSON in ["accounts": JSON(part.accounts), "mrr": JSON(part.mrr)] }
    let rate = { (millionths: Int64?) -> JSON in millionths.map { RevenueText.fraction($0, of: 1_000_000) } ?? .null }
    return [
      "period": ["from": JSON(book.lastDay.adding(months: -12)), "to": JSON(book.lastDay)], "currency": .text(book.currency),
      "flags": .list(
        flags.map { flag in
          [
            "id": .text(flag.rule), "cut": ["dimension": .text(flag.cut.dimension.rawValue), "value": .text(flag.cut.value)],
            "words": .text(flag.title),
          ]
        }),
      "levers": .list(
        review.levers.flatMap { row in
          row.levers.map { lever in
            [
              "cut": ["dimension": .text(row.cut.dimension.rawValue), "value": .text(row.cut.value)],
              "benchmark_name": .text(row.benchmark.name), "lever": .text(lever.rate.rawValue), "value": rate(lever.value),
              "benchmark": rate(lever.benchmark), "room_mrr": JSON(lever.room),
            ]
          }
        }),
      "composition": [
        "expanding": part(parts.expanding), "shrinking": part(parts.shrinking), "churned": part(parts.churned), "flat": part(parts.flat),
        "small_contractions": JSON(parts.smallContractions),
      ],
      "top10_share": rate(review.topTen), "top10_share_year_ago": rate(review.topTenYearAgo),
      "open_expansion_pipeline": .object(pipeline.mapValues { JSON($0) }), "expandable_mrr": JSON(expandable.now),
      "expandable_mrr_year_ago": JSON(expandable.before), "churned_mrr_that_was_ready": JSON(churnedWhileReady),
      "champion_losses_90d": JSON(championLosses), "adoption_declines_90d": JSON(adoptionDeclines), "past_due_mrr": JSON(book.pastDue),
      "billing_faults": JSON(book.faults.count),
    ]
  }
}

/// In which tier each account stood, from score to score.
private struct TierHistory {
  private var tiers: [AccountKey: [(day: Day, tier: String)]] = [:]

  init(_ scores: [ScoreRow], _ calendar: CompanyCalendar) {
    for row in scores.sorted(by: { $0.at < $1.at }) {
      guard let tier = row.content["expansion"]["tier"].text else { continue }
      tiers[row.account, default: []].append((calendar.day(of: row.at), tier))
    }
  }

  func accounts(in wanted: Set<String>, on day: Day) -> Set<AccountKey> {
    Set(tiers.filter { $0.value.last { $0.day <= day }.map { wanted.contains($0.tier) } ?? false }.keys)
  }

  func was(_ account: AccountKey, in wanted: Set<String>, from first: Day, to last: Day) -> Bool {
    let own = tiers[account] ?? []
    if let before = own.last(where: { $0.day <= first }), wanted.contains(before.tier) { return true }
    return own.contains { $0.day > first && $0.day <= last && wanted.contains($0.tier) }
  }
}
