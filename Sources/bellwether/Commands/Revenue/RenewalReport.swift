import Events
import Rules

/// The rows of `bellwether renewals`, one by one or summed up.
struct RenewalReport {
  let rows: [Renewal]
  let today: Day

  private var greatest: Int64 { rows.compactMap(\.entry.mrr).max() ?? 0 }

  var text: String {
    var table = TextTable([
      ("NOTICE", .left), ("IN", .right), ("ACCOUNT", .left), ("OWNER", .left), ("MRR", .right), ("", .left), ("BAND", .left),
      ("POINTS", .right), ("TERM", .left), ("RENEWS", .left), ("TIER", .left), ("WHY", .left),
    ])
    for row in rows {
      let entry = row.entry
      table.add([
        row.notice?.description ?? "–", row.days.map { "\($0) d" } ?? "–", "\(entry.name) (\(entry.key.number))", entry.owner ?? "–",
        MoneyText.short(entry.mrr ?? 0, currency: entry.currency), RevenueText.bar(Double(entry.mrr ?? 0), limit: Double(greatest)),
        entry.band + (entry.isJudged ? "*" : ""), String((entry.milliPoints + 500) / 1000), row.term ?? "–",
        row.autoRenews.map { $0 ? "by itself" : "by hand" } ?? "–", entry.tier, entry.reasons.joined(separator: ", "),
      ])
    }
    return table.rendered()
  }

  var csv: String {
    var text = CSVText([
      "notice_date", "notice_in_days", "account", "name", "owner", "mrr", "currency", "band", "points", "term", "auto_renew",
      "contract_end",
      "tier", "findings",
    ])
    for row in rows {
      let entry = row.entry
      text.add([
        row.notice?.description ?? "", row.days.map(String.init) ?? "", String(entry.key.number), CSVText.text(entry.name),
        CSVText.text(entry.owner ?? ""), String(entry.mrr ?? 0), entry.currency, entry.band, String((entry.milliPoints + 500) / 1000),
        row.term ?? "", row.autoRenews.map(String.init) ?? "", row.contractEnd?.description ?? "", entry.tier,
        entry.reasons.joined(separator: " "),
      ])
    }
    return text.rendered()
  }

  // MARK: - Summed up

  private struct Sum {
    let value: String
    var accounts = 0
    var mrr: Int64 = 0
    var atRisk: Int64 = 0
    var currency = ""
  }

  private func sums(_ grouping: RenewalsCommand.Grouping) -> [Sum] {
    var sums: [String: Sum] = [:]
    for row in rows {
      let value = row.value(of: grouping)
      var sum = sums[value] ?? Sum(value: value)
      sum.accounts += 1
      sum.mrr += row.entry.mrr ?? 0
      sum.atRisk += row.isAtRisk ? row.entry.mrr ?? 0 : 0
      sum.currency = row.entry.currency
      sums[value] = sum
    }
    return grouping == .month ? sums.values.sorted { $0.value < $1.value } : sums.values.sorted { ($1.mrr, $0.value) < ($0.mrr, $1.value) }
  }

  func text(_ grouping: RenewalsCommand.Grouping) -> String {
    var table = TextTable([
      (grouping.rawValue.uppercased(), .left), ("ACCOUNTS", .right), ("MRR", .right), ("IN A RISK BAND", .right), ("", .left),
    ])
    let sums = sums(grouping)
    let greatest = sums.map(\.mrr).max() ?? 0
    for sum in sums {
      table.add([
        sum.value, String(sum.accounts), MoneyText.short(sum.mrr, currency: sum.currency),
        MoneyText.short(sum.atRisk, currency: sum.currency), RevenueText.bar(Double(sum.mrr), limit: Double(greatest)),
      ])
    }
    return table.rendered()
  }

  func csv(_ grouping: RenewalsCommand.Grouping) -> String {
    var text = CSVText([grouping.rawValue, "accounts", "mrr", "mrr_in_risk_band", "currency"])
    for sum in sums(grouping) {
      text.add([CSVText.text(sum.value), String(sum.accounts), String(sum.mrr), String(sum.atRisk), sum.currency])
    }
    return text.rendered()
  }

  func json(_ grouping: RenewalsCommand.Grouping) -> JSON {
    .list(
      sums(grouping).map { sum in
        [
          "cut": ["dimension": .text(grouping.rawValue), "value": .text(sum.value)], "accounts": JSON(sum.accounts), "mrr": JSON(sum.mrr),
          "mrr_in_risk_band": JSON(sum.atRisk), "currency": .text(sum.currency),
        ]
      })
  }
}
