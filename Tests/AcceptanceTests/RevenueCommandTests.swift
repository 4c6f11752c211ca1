import Events
import Foundation
import Testing

/// Revenue questions as an analyst asks them, of a company that begins with a file.
@Suite struct RevenueCommandTests {
  private struct Company {
    let folder: TemporaryFolder
    let config: String
    let store: String

    init(_ lines: [String] = RevenueCommandTests.lines) async throws {
      folder = try TemporaryFolder()
      config = try folder.copyConfiguration()
      try folder.write(try folder.read("config/plans.yaml") + RevenueCommandTests.plans, to: "config/plans.yaml")
      store = folder.path("store.sqlite")
      let file = try folder.write(lines.joined(separator: "\n") + "\n", to: "company.jsonl")
      let answer = try await run(["import", file])
      #expect(answer.exit == .status(0), "\(answer.errors)")
    }

    func run(_ arguments: [String]) async throws -> Answer {
      let child = try Child(arguments + ["--config", config, "--store", store], in: folder)
      let exit = await child.ended()
      return Answer(exit: exit, output: child.outputText, errors: child.errorText)
    }

    func text(_ arguments: String...) async throws -> String {
      let answer = try await run(arguments)
      #expect(answer.exit == .status(0), "\(arguments): \(answer.errors)")
      return answer.output
    }

    func json(_ arguments: String...) async throws -> JSON {
      let answer = try await run(arguments + ["--json"])
      #expect(answer.exit == .status(0), "\(arguments): \(answer.errors)")
      return try JSON(parsing: answer.output)
    }
  }

  /// Two plans more than the shipped file has, whose last section they join.
  private static let plans = """

      team: { tier: starter, product_line: core, pricing: per_seat, seats: quantity }
      flow: { tier: starter, product_line: flow, pricing: flat, seats: none }

    """

  private static func account(_ id: String, _ name: String, segment: String, _ more: String = "") -> String {
    #"{"kind":"account","id":"\#(id)","at":"2024-01-01T00:00:00Z","name":"\#(name)","status":"customer","segment":"\#(segment)"\#(more)}"#
  }

  private static func subscription(
    _ id: String, _ account: String, at: String, seats: Int, price: Int = 5000, status: String = "active", plan: String = "team",
    interval: String = "month", currency: String = "usd"
  ) -> String {
    #"{"kind":"subscription","id":"\#(id)","at":"\#(at)T12:00:00Z","account":"\#(account)","status":"\#(status)","items":[{"id":"i-\#(id)","#
      + #""plan":"\#(plan)","quantity":\#(seats),"unit_amount":\#(price),"currency":"\#(currency)","interval":"\#(interval)","interval_count":1}]}"#
  }

  /// 1000 + 500 at the end of 2024; in 2025 one grows by 250, one is lost, one comes; in 2026 it shrinks.
  private static let lines = [
    account("a1", "Alder Works", segment: "SMB", #","contract":{"end":"2027-03-01T00:00:00Z","term":"annual","auto_renew":true}"#),
    account("a2", "Birch Works", segment: "=Enterprise"), account("a3", "Cedar Works", segment: "SMB"),
    subscription("s1", "a1", at: "2024-02-01", seats: 20), subscription("s1", "a1", at: "2025-05-01", seats: 25),
    subscription("s1", "a1", at: "2026-02-01", seats: 24), subscription("s2", "a2", at: "2024-03-01", seats: 10),
    subscription("s2", "a2", at: "2025-06-01", seats: 10, status: "canceled"),
    subscription("s3", "a3", at: "2025-07-01", seats: 1, price: 120_000, plan: "flow", interval: "year"),
  ]

  @Test func `rows for programs have exactly these members`() async throws {
    let rows = try await Company().json("nrr", "--as-of", "2025-12-31", "--by", "segment").list ?? []
    #expect(rows.map { $0["cut"]["value"].text } == ["total", "=Enterprise", "SMB"])
    #expect(rows.map { $0["cut"]["dimension"].text } == ["total", "segment", "segment"])
    #expect(
      rows.first == [
        "period": ["from": "2024-12-31", "to": "2025-12-31"], "cut": ["dimension": "total", "value": "total"], "n": 2, "start_mrr": 150_000,
        "new": 10_000, "reactivation": 0, "expansion": 25_000, "contraction": 0, "churn": 50_000, "transfer": 0, "fx": 0,
        "end_mrr": 135_000,
        "nrr": .decimal("0.833333333"), "grr": .decimal("0.666666667"), "logo_churn": .decimal("0.5"),
        "durable_nrr": .decimal("0.833333333"),
        "top3_expansion_share": 1, "currency": "usd",
      ])
    #expect(rows.last?["nrr"] == .decimal("1.25") && rows.last?["n"] == 1 && rows.dropFirst().first?["top3_expansion_share"] == .null)
  }

  @Test func `every cadence gives whole periods that follow each other and add up`() async throws {
    let company = try await Company()
    for (cadence, count) in [("week", 13), ("month", 12), ("quarter", 8), ("t12m", 1)] {
      let rows = try await company.json("nrr", "--period", cadence, "--as-of", "2025-12-31").list ?? []
      #expect(rows.count == count, "\(cadence)")
      for row in rows {
        let amount = { (name: String) in row[name].integer ?? .min }
        let gained = amount("start_mrr") + amount("new") + amount("reactivation") + amount("expansion") + amount("transfer") + amount("fx")
        #expect(gained - amount("contraction") - amount("churn") == amount("end_mrr"), "\(row)")
      }
      for (a, b) in zip(rows, rows.dropFirst()) {
        #expect(a["period"]["to"] == b["period"]["from"] && a["end_mrr"] == b["start_mrr"], "\(cadence)")
      }
    }
  }

  @Test func `a spreadsheet gets the same, and no formula`() async throws {
    let csv = try await Company().text("nrr", "--as-of", "2025-12-31", "--by", "segment", "--csv").split(separator: "\n")
    #expect(csv.first?.hasPrefix("period_from,period_to,cut_dimension,cut_value,n,start_mrr,new,") == true)
    #expect(
      csv.dropFirst().first
        == "2024-12-31,2025-12-31,total,total,2,150000,10000,0,25000,0,50000,0,0,135000,0.833333333,0.666666667,0.5,0.833333333,1,usd")
    #expect(csv.contains { $0.contains(",segment,'=Enterprise,1,50000,") }, "\(csv)")
  }

  @Test func `people see the three figures together, with n, the benchmark and what stands out`() async throws {
    let company = try await Company()
    let text = try await company.text("nrr", "--as-of", "2025-12-31", "--by", "segment")
    for words in [
      "NRR", "GRR", "LOGO CHURN", "DURABLE", "83.3 %", "66.7 %", "50.0 %", "red flag; mid-market 105–110", "By movements alone", "█",
    ] {
      #expect(text.contains(words), "\(words) in\n\(text)")
    }
    let months = try await company.text("nrr", "--as-of", "2025-12-31", "--period", "month")
    #expect(months.contains("NRR A YEAR") && months.contains("▁") && months.contains("2025-06-30"), "\(months)")
    let review = try await company.json("nrr", "--as-of", "2025-12-31", "--review")
    #expect(review["composition"]["churned"] == ["accounts": 1, "mrr": 50_000] && review["levers"].list?.isEmpty == false)
    let answer = try await company.run(["nrr", "--by", "colour"])
    #expect(answer.exit != .status(0) && answer.errors.contains("product_line"), "\(answer.errors)")
  }

  @Test func `an account's ledger can be done again by hand`() async throws {
    let company = try await Company()
    let page = try await company.json("account", "alder", "--ledger")
    let movements = page["movements"].list ?? []
    #expect(movements.map { $0["kind"].text } == ["new", "expansion", "contraction"])
    #expect(movements.map { $0["cause"].text } == ["plan", "seats", "seats"])
    #expect(movements.map { $0["amount"].integer } == [100_000, 25_000, -5_000])
    #expect(
      movements.map { $0["records"] }
        == ["2024-02-01", "2025-05-01", "2026-02-01"].map { [["subscription": "s1", "at": .text($0 + "T12:00:00Z")]] })
    #expect(page["records"].list?.map { $0["items"][0].text } == [20, 25, 24].map { "\($0) × team at 50.00 USD a month" })
    #expect(page["records"].list?.map { $0["mrr"].integer } == [100_000, 125_000, 120_000])
    let text = try await company.text("account", "alder", "--ledger", "--as-of", "2025-12-31")
    #expect(text.contains("1250.00 USD") && text.contains("25 × team at 50.00 USD a month") && !text.contains("2026-02-01"), "\(text)")
  }

  @Test func `renewals come by notice date, with the days and the money`() async throws {
    let company = try await Company()
    let rows = try await company.json("renewals").list ?? []
    #expect(rows.map { $0["name"].text } == ["Alder Works", "Cedar Works"])
    #expect(
      rows.first?["mrr"] == 120_000 && rows.first?["notice_date"].text?.hasSuffix("-02-28") == true && rows.first?["band"].text != nil)
    #expect(rows.last?["notice_date"] == .null && rows.last?["notice_in_days"] == .null)
    #expect(try await company.text("renewals").contains("Alder Works (1)"))
    #expect(try await company.json("renewals", "--by", "segment").list?.first?["mrr"] == 130_000)
    #expect(try await company.json("renewals", "--within", "0").list?.isEmpty == true)
    #expect(try await company.text("renewals", "--csv").split(separator: "\n").count == 3)
  }

  @Test func `reconcile names what CRM and billing tell differently, and what cannot be read`() async throws {
    let deal = { (id: String, account: String, at: String, amount: Int, type: String) in
      #"{"kind":"opportunity","id":"\#(id)","at":"\#(at)T00:00:00Z","account":"\#(account)","type":"\#(type)","amount":\#(amount),"#
        + #""currency":"usd","won":true,"closed_at":"\#(at)T00:00:00Z"}"#
    }
    let broken = [
      Self.account("a4", "Dogwood Works", segment: "SMB"), Self.subscription("s4", "a4", at: "2025-01-01", seats: 2, currency: "xyz"),
    ]
    let more = [deal("d1", "a1", "2024-01-25", 1_200_000, "new"), deal("d2", "a1", "2025-05-10", 360_000, "expansion")]
    let company = try await Company(Self.lines + more + broken)
    let answer = try await company.json("reconcile", "--as-of", "2025-12-31")
    let found = (answer["differences"].list ?? []).map {
      "\($0["name"].text ?? "") \($0["kind"].text ?? "") \($0["at_stake"].integer ?? 0)"
    }
    #expect(found.contains("Alder Works (1) amount 60000"), "\(found)")
    #expect(found.contains("Birch Works (2) status 600000"), "\(found)")
    #expect(answer["faults"].list?.map { $0["kind"].text } == ["unknown_currency"])
    let text = try await company.text("reconcile", "--as-of", "2025-12-31")
    #expect(
      text.contains("expansion of $3,600, d2") && text.contains("$3,000 a year") && text.contains("for which there is no rate"), "\(text)")
    #expect(try await company.json("reconcile", "--as-of", "2025-12-31", "--by", "kind").list?.isEmpty == false)
    #expect(try await company.text("nrr", "--as-of", "2025-12-31").contains("1 fault in billing records"))
  }

  @Test func `other currencies count at the rates of revenue.yaml`() async throws {
    let lines = [
      Self.account("a1", "Alder Works", segment: "SMB"), Self.subscription("s1", "a1", at: "2024-02-01", seats: 10, currency: "eur"),
    ]
    let company = try await Company(lines)
    let first = try await company.json("nrr", "--as-of", "2025-12-31").list?.first
    #expect(first?["end_mrr"] == 54_000 && first?["currency"] == "usd")
  }
}
