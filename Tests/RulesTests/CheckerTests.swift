import Events
import Rules
import Testing

@Suite struct CheckerTests {
  private static let rules: [String: RuleSubjectMatter] = ["champion_left": .risk, "near_capacity": .expansion]

  @Test(arguments: [
    "count(usage.api, 28d, before: 28d) >= 200 and active_days(usage.api, 28d, before: 28d) >= 10",
    "-adjusted(change(count(usage.api), 14d)) >= 60%",
    "-below_own_level(count(usage.api), 28d) < 40% for 7d",
    "exists(contact, role = champion and gone and since(gone_at) <= 120d)",
    "count(ticket, 60d, status in (solved, closed) and not escalated) > 2",
    "count(ticket, 60d, subject contains (\"invoice\", \"bill\") or tags contains \"billing\") = 1",
    "distinct(usage.person, 30d) / seats >= 80% for 14d",
    "seats < peak(seats, 30d) or mrr > 0",
    "account.notice_in <= 90d and account.contract.term = annual and account.segment = \"smb\"",
    "level_of(near_capacity) >= high and any_firing(risk, at_least: medium)",
    "silent_for(usage, person.role = champion) >= max(30d, 3 * median_gap(usage, 90d, person.role in (champion, user)))",
    "max(invoice.late, last: 3, paid_at is known) > 7d + median(invoice.late)",
    "risk_band < watch",
    "high <= level_of(near_capacity)",
    "sum(payment.amount, 30d, status = succeeded) >= 50% * mrr",
    "last(ticket.at) - first(ticket.opened_at) > 3d",
    "count(usage.api, 30d, business_day and name = \"api_call\") > 0",
    "if(seats is known, seats, 0) > 3",
    "ago(seats, 180d) < seats",
    "role_count = 1 or true",
  ])
  func acceptsWhatTheReferenceShows(_ text: String) {
    let faults = faults(text, rules: Self.rules)
    let expected = text.contains("role_count") ? [RuleCode.unknownName] : []
    #expect(faults.map(\.code) == expected, "\(faults.map(\.message))")
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let text: String
    let code: RuleCode
    /// The text under the caret.
    let under: String
    /// A part of the hint.
    let hint: String?
    var testDescription: String { text }

    init(_ text: String, _ code: RuleCode, _ under: String, _ hint: String? = nil) {
      self.text = text
      self.code = code
      self.under = under
      self.hint = hint
    }
  }

  @Test(arguments: [
    Case("cuont(usage.api, 28d) > 1", .unknownFunction, "cuont", "count"),
    Case("ative_days(usage.api, 28d) > 1", .unknownFunction, "ative_days", "active_days"),
    Case("count(usage.apii, 28d) > 1", .unknownField, "usage.apii", "usage.api"),
    Case("count(tickets, 28d) > 1", .unknownName, "tickets", "ticket"),
    Case("exists(contact, rol = champion)", .unknownField, "rol", "role"),
    Case("exists(contact, role = champoin)", .unknownWord, "champoin", "champion"),
    Case("exists(contact, role = \"champoin\")", .unknownWord, "\"champoin\"", "champion"),
    Case("count(ticket, status in (solved, closd)) > 1", .unknownWord, "closd", "closed"),
    Case("max(invoice.latee) > 3d", .unknownField, "invoice.latee", "late"),
    Case("account.segmnt = \"smb\"", .unknownField, "account.segmnt", "account.segment"),
    Case("seat > 3", .unknownName, "seat", "seats"),
    Case("firing(champion_lef)", .unknownRule, "champion_lef", "champion_left"),
    Case("any_firing(rsk)", .unknownWord, "rsk", "risk"),
    Case("any_firing(risk, at_least: hgh)", .unknownWord, "hgh", "high"),
    Case("risk_band >= at_rsk", .unknownWord, "at_rsk", "at_risk"),
    Case("count(usage, 30d, person.rol = champion) > 1", .unknownField, "person.rol", "person.role"),
    Case("count(usage, 30d, person.role = champ) > 1", .unknownWord, "champ", nil),
    Case("count(usage, 30d, befor: 3d) > 1", .wrongArguments, "befor", "before"),
    Case("seats > 14d", .wrongType, "seats > 14d", "14d"),
    Case("account.age > 90", .wrongType, "account.age > 90", "90d"),
    Case("seats + 14d > 3", .wrongType, "seats + 14d"),
    Case("seats and true", .conditionExpected, "seats", "compare"),
    Case("count(ticket, 30d, status)", .conditionExpected, "status"),
    Case("mrr > 5", .wrongType, "mrr > 5", "money"),
    Case("exists(contact, role < champion)", .wrongType, "role < champion"),
    Case("last(usage) > 3d", .wrongType, "last(usage) > 3d", "since"),
    Case("seats contains \"x\"", .wrongType, "seats"),
    Case("count(usage.api, -14d) > 1", .badWindow, "-14d"),
    Case("count(usage.api, 36h) > 1", .badWindow, "36h"),
    Case("count(usage.api, 0d) > 1", .badWindow, "0d"),
    Case("count(usage.api, 2000d) > 1", .badWindow, "2000d"),
    Case("own_level(count(usage.api), 91d) > 1", .badWindow, "91d"),
    Case("own_level(count(usage.api, 28d), 28d) > 1", .badWindow, "count(usage.api, 28d)"),
    Case("count(usage, 30d, before: 3) > 1", .badWindow, "3"),
    Case("count(usage, 30d, since: closing) > 1", .badWindow, "closing", "opening"),
    Case("count(usage, 30d, name = \"a\" or name = \"b\") > 1", .badUsageFilter, "name = \"a\" or name = \"b\"", "name in"),
    Case("count(usage, 30d, not business_day) > 1", .badUsageFilter, "not business_day"),
    Case("person_days(case.usage, 30d) > 1", .notInThisRule, "case.usage", "subject: expansion_case"),
    Case("case.age < 10d", .notInThisRule, "case.age", "subject: expansion_case"),
    Case("adjusted(seats) > 1", .wrongArguments, "seats"),
    Case("peak(ticket, 30d) > 1", .wrongArguments, "ticket", "peak(seats, 30d)"),
    Case("since(last(usage), 3d) > 3d", .wrongArguments, "since(last(usage), 3d)", "since("),
    Case("sum(invoice, 30d) > 1", .wrongArguments, "invoice", "sum(invoice.total, 90d)"),
    Case("count(ticket.escalated) > 1", .wrongArguments, "ticket.escalated", "count(ticket, escalated)"),
    Case("active_days(ticket, 3d) > 1", .wrongArguments, "active_days"),
    Case("average(usage.api, 3d) > 1", .wrongArguments, "average"),
    Case("count() > 1", .wrongArguments, "count"),
    Case("ticket.status = solved", .unknownName, "ticket.status", "aggregate"),
    Case("min(ticket.subject) = 1", .wrongType, "ticket.subject"),
    Case("count(ticket, last: 0) > 1", .wrongArguments, "0"),
    Case("if(seats, 1, 2) > 1", .conditionExpected, "seats"),
    Case("if(true, 1, 2d) > 1", .wrongType, "2d"),
    Case("seats >= 3 for 36h", .badWindow, "36h"),
    Case("seats >= 3 for x", .badWindow, "x"),
    Case("count(subscription.items) > 1", .unknownField, "subscription.items"),
  ])
  func namesThePlaceAndSuggests(_ expected: Case) throws {
    let found = faults(expected.text, rules: Self.rules)
    let fault = try #require(found.first)
    let bytes = Array(expected.text.utf8)
    #expect(found.count == 1, "\(found)")
    #expect(fault.code == expected.code, "\(fault)")
    #expect(String(decoding: bytes[fault.range], as: UTF8.self) == expected.under)
    if let hint = expected.hint { #expect(fault.hint?.contains(hint) == true, "\(fault.hint ?? "no hint")") }
  }

  @Test func reportsEveryFaultOfAnExpression() {
    let found = faults("cuont(usage.api, 28d) > 1 and exists(contact, rol = champion) and seats > 14d")
    #expect(found.map(\.code) == [.unknownFunction, .unknownField, .wrongType])
  }

  @Test func namesWhatAnExpressionReads() throws {
    let text =
      "own_level(count(usage.api), 28d) > ago(own_level(count(usage.api), 14d), 30d) and firing(champion_left) and seats < peak(seats, 30d)"
    let expression = try #require(compiled(text, rules: Self.rules))
    #expect(expression.references == ["own_level(count(usage.api), 28d)", "peak(seats, 30d)"])
    #expect(expression.rules == ["champion_left"])
    #expect(expression.kinds == [.subscription, .usage])
  }

  @Test func givesOneCohortFeatureTheSameIdHoweverItIsWritten() throws {
    let a = try #require(compiled("adjusted(change(count(usage.api),14d)) > 0"))
    let b = try #require(compiled("-adjusted( change( count( usage.api ), 2w ) ) < 3"))
    #expect(a.cohortFeatures.map(\.id) == ["change(count(usage.api), 14d)"])
    #expect(a.cohortFeatures.map(\.id) == b.cohortFeatures.map(\.id))
  }
}
