import ConfigFiles
import Events
import Rules

/// Writes rules nobody would write: expressions from the language's own grammar over the schema of records, as text, so that the checker
/// has the last word on them.
struct RandomRules {
  private var random: SeededGenerator
  private var ids: [String] = []
  /// Whether the file defines `is_defined` and `defined`.
  private var isDefined = false

  static let usageNames = ["login", "api_call", "export", "report", "meter", "noise"]
  static let words = ["alpha", "beta", "gamma"]

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  /// A rule file of some rules that the checker accepts.
  static func file(seed: UInt64, rules: Int) -> String {
    var writer = RandomRules(seed: seed)
    var text = ""
    // What does not check, for a unit or a type that does not fit, is written anew.
    for _ in 0..<20 {
      let definitions = writer.definitions()
      guard load(definitions + "rules:\n" + writer.rule("rule")) != nil else { continue }
      text = definitions
      writer.isDefined = true
      break
    }
    text += "rules:\n"
    for number in 0..<rules {
      guard let rule = writer.part(after: text, { $0.rule("rule_\(number)") }) else { continue }
      text += rule
      writer.ids.append("rule_\(number)")
    }
    text += writer.part(after: text) { $0.verdicts() } ?? ""
    return text + (writer.part(after: text) { $0.tiers() } ?? "")
  }

  /// The first part that checks behind a text; nil where none of twenty does.
  private mutating func part(after text: String, _ write: (inout RandomRules) -> String) -> String? {
    for _ in 0..<20 {
      let part = write(&self)
      if Self.load(text + part) != nil { return part }
    }
    return nil
  }

  static func load(_ text: String) -> CompiledRules? {
    var diagnostics = Diagnostics()
    let files = [SourceFile(path: "random.yaml", text: text), SourceFile(path: "lexicons/random.yaml", text: lexicons)]
    return CompiledRules.load(files: files, diagnostics: &diagnostics)
  }

  private static let lexicons = """
    lexicons:
      leaving:
        phrases: [alpha, beta contact*]
        unless_after: [open]
      positive:
        phrases: [gamma]
      negative:
        phrases: [beta]
    """

  private mutating func pick<T>(_ values: [T]) -> T { values[Int.random(in: 0..<values.count, using: &random)] }
  private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
  private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

  private mutating func rule(_ id: String) -> String {
    let isOfCase = chance(15)
    var lines = [
      "  - id: \(id)", "    about: \(pick(["risk", "risk", "expansion", "quality"]))",
      "    category: \(pick(["usage", "people", "billing", "support", "market"]))", "    title: \"T {{ bound }}\"",
    ]
    if isOfCase { lines.append("    subject: expansion_case") }
    if chance(20) { lines.append("    only: \(quoted(condition(0)))") }
    if chance(40) { lines.append("    needs: \(quoted(condition(1)))") }
    lines += ["    let:", "      bound: \(quoted(pick([amount(1), duration(1)])))", "    when: \(quoted(condition(3, bound: true)))"]
    if isOfCase, chance(50) { lines[lines.count - 1] = "    when: \(quoted("silent_for(case.usage) >= \(number(1...20))d"))" }
    if chance(30) { lines.append("    critical: \(quoted(condition(1, bound: true)))") }
    if chance(40) { lines.append("    clear: \(quoted(condition(2, bound: true)))") }
    if chance(40) { lines.append("    hold: \(number(0...4))d") }
    lines += ["    level: \(pick(["context", "low", "medium", "high"]))", "    action: \"Act.\""]
    return lines.joined(separator: "\n") + "\n"
  }

  private mutating func definitions() -> String {
    "define:\n  is_defined: \(quoted(condition(1)))\n  defined:\n    by: account.segment\n    alpha: \(quoted(amount(1)))\n"
      + "    else: \(number(0...12))\n"
  }

  private mutating func tiers() -> String {
    "tiers:\n  - tier: blocked\n    when: \(quoted(condition(1)))\n  - tier: medium\n    when: \(quoted(condition(2)))\n"
      + "  - tier: low\n    when: true\n"
  }

  private mutating func verdicts() -> String {
    let words = ["last_resort", "shelfware", "unadopted", "healthy"].filter { _ in chance(70) }
    if words.isEmpty { return "" }
    return "verdicts:\n"
      + words.map { word in
        "  - { verdict: \(word), title: T, level: \(pick(["context", "medium", "high"])), action: Act., when: \(quoted(caseCondition())) }\n"
      }.joined()
  }

  private mutating func caseCondition() -> String {
    let own = pick([
      "case.age >= \(number(1...40))d", "silent_for(case.usage) >= \(number(1...20))d",
      "case.seats - case.seats_before >= \(number(1...9))",
      "case.purchases = 1", "not exists(case.unlocked)", "count(ticket, at >= case.opened) >= \(number(1...3))", "case.verdict = proving",
    ])
    return chance(50) ? own : "(\(own) \(pick(["and", "or"])) \(condition(2)))"
  }

  private func quoted(_ text: String) -> String { "'" + text + "'" }

  // MARK: Conditions

  private mutating func condition(_ depth: Int, bound: Bool = false) -> String {
    if depth > 0, chance(45) {
      return switch number(0...4) {
      case 0: "(\(condition(depth - 1, bound: bound)) and \(condition(depth - 1, bound: bound)))"
      case 1: "(\(condition(depth - 1, bound: bound)) or \(condition(depth - 1, bound: bound)))"
      case 2: "(not \(condition(depth - 1, bound: bound)))"
      case 3: "((\(condition(depth - 1, bound: bound))) \(pick(["for", "within"])) \(number(2...9))d)"
      default: "ago(\(condition(depth - 1)), \(number(1...40))d)"
      }
    }
    switch number(0...16) {
    case 0, 1, 2: return "\(amount(depth)) \(sign()) \(pick([amount(0), String(number(0...12))]))"
    case 3, 4, 5: return "\(duration(depth)) \(sign()) \(pick([duration(0), "\(number(1...60))d", "\(number(1...900))h"]))"
    case 6: return "exists(\(rows(filter: true)))"
    case 7: return "\(pick([amount(0), duration(0)])) is \(pick(["known", "missing"]))"
    case 8: return "change(\(bareCount()), \(number(1...28))d) <= -\(number(5...80))%"
    case 9: return "below_own_level(\(bareCount()), \(number(1...28))d) <= -\(number(5...80))%"
    case 10: return bound ? pick(["bound is known", "firing_any"]).replacing("firing_any", with: ruleState()) : ruleState()
    case 11:
      return pick([
        "account.segment = \"alpha\"", "account.status = customer", "plan.elastic", "settling", "case.open", "risk_band >= watch",
      ])
    case 12: return "adjusted(change(\(bareUsage()), \(number(7...14))d)) <= -\(number(5...80))%"
    case 13: return "adjusted(below_own_level(\(bareUsage()), \(number(7...28))d)) <= -\(number(5...80))%"
    case 14: return "rare(count(\(pick(Self.rowKinds))), \(number(3...20))d) < \(number(1...40))%"
    case 15:
      return pick([
        "new_teams is known", "driver.features is known", "plan.tier = \"pro\"", "flat_for >= \(number(5...60))d",
        isDefined ? "is_defined" : "plan.rank >= 1", "average(ticket.sentiment, \(number(5...60))d) < 0",
      ])
    default: return "\(pick(["seats", "peak(seats, \(number(2...40))d)"])) \(sign()) \(number(1...20))"
    }
  }

  private mutating func ruleState() -> String {
    guard let id = ids.randomElement(using: &random) else { return "any_firing(quality)" }
    return pick(["firing(\(id))", "level_of(\(id)) >= medium"])
  }

  private mutating func sign() -> String { pick(["<", "<=", ">", ">=", "=", "!="]) }

  // MARK: Values

  private mutating func amount(_ depth: Int) -> String {
    if depth > 0, chance(20) {
      return pick([
        "(\(amount(depth - 1)) \(pick(["+", "-", "*", "/"])) \(amount(depth - 1)))", "max(\(amount(depth - 1)), \(number(0...5)))",
        "if(\(condition(0)), \(amount(depth - 1)), \(number(0...5)))", "abs(\(amount(depth - 1)))",
        "ago(\(amount(depth - 1)), \(number(1...30))d)",
      ])
    }
    return switch number(0...9) {
    case 8: "percentile(\(pick(["used", "person_days(usage, \(number(3...28))d)", "seats"])), \(number(10...90))%)"
    case 9: isDefined && chance(50) ? "defined" : "distinct(usage.team, \(number(5...60))d)"
    case 0, 1: "\(pick(["count", "active_days", "person_days", "per_business_day"]))(\(usage()))"
    case 2: "distinct(\(usageSource()).person, \(number(1...40))d)"
    case 3, 4: "count(\(rows(filter: true)))"
    case 5: "own_level(\(bareCount()), \(number(1...28))d)"
    case 6: pick(["used", "licensed", "used / licensed"])
    default: pick(["seats", "risk_points", "average(survey.score, \(number(5...60))d)", "sum(enrichment.headcount)"])
    }
  }

  private mutating func duration(_ depth: Int) -> String {
    if depth > 0, chance(25) {
      return pick([
        "max(\(duration(depth - 1)), \(number(1...30))d)", "min(\(duration(depth - 1)), \(duration(0)))",
        "(\(duration(depth - 1)) \(pick(["+", "-"])) \(duration(0)))", "if(\(condition(0)), \(duration(depth - 1)), \(number(1...9))d)",
        "abs(\(duration(depth - 1)))", "ago(\(duration(depth - 1)), \(number(1...30))d)", "(\(number(2...3)) * \(duration(depth - 1)))",
      ])
    }
    return switch number(0...8) {
    case 0: "silent_for(\(usage()))"
    case 1: "median_gap(\(usage()))"
    case 2, 3: "since(\(pick(["max", "min", "last", "first"]))(\(pick(Self.rowKinds)).at\(filters())))"
    case 4: "\(pick(["max", "min", "median", "average"]))(invoice.late\(filters("invoice")))"
    case 5: "since(\(pick(["last", "first"]))(\(usageSource())))"
    case 6: "since(max(contact.gone_at\(filters("contact"))))"
    default: pick(["premium_age", "account.age", "account.notice_in", "open_for", "since(max(ticket.came_back_at))"])
    }
  }

  private mutating func usageSource() -> String {
    pick([
      "usage", "usage", "usage.login", "usage.api", "usage.feature", "usage.metered", "usage.premium", "usage.above_plan",
      "usage.first_value",
      "driver.usage", "driver.other_usage",
    ])
  }

  private mutating func bareUsage() -> String { "\(pick(["count", "active_days", "person_days"]))(\(usageSource()))" }

  private mutating func bareCount() -> String { chance(70) ? bareUsage() : "count(\(pick(Self.rowKinds)))" }

  private mutating func usage() -> String {
    var text = usageSource()
    if chance(80) { text += ", \(number(1...40))d" }
    if chance(20) { text += ", before \(pick(["\(number(1...30))d", "open_for", "silent_for(usage)", "(\(number(1...9))d + open_for)"]))" }
    if chance(15) { text += ", since opening" }
    if chance(15) { text += ", business_day" }
    if chance(15) { text += ", person.role = \(pick(["champion", "user"]))" }
    if chance(15) { text += ", name in (\"export\", \"report\")" }
    if chance(20) {
      text +=
        ", "
        + pick([
          "person.active_days >= \(number(1...5))", "person.rank <= max(1, \(pick(["2", "seats", "10% * seats"])))",
          "person.silent_for >= \(pick(["\(number(1...20))d", "account.age", "open_for"]))", "person.first_seen <= \(number(1...30))d",
          "feature.persons >= \(number(1...3))",
        ])
    }
    return text
  }

  // MARK: Rows

  static let rowKinds = [
    "contact", "engagement", "enrichment", "intent", "invoice", "opportunity", "payment", "subscription", "survey", "ticket",
  ]

  private mutating func rows(filter: Bool) -> String {
    let kind = pick(Self.rowKinds)
    return kind + filters(kind)
  }

  private mutating func filters(_ kind: String? = nil) -> String {
    var text = ""
    if chance(65) { text += ", \(number(1...60))d" }
    if let kind, chance(60) { text += ", \(rowCondition(kind))" }
    if chance(15) { text += ", before \(pick(["\(number(1...30))d", "open_for"]))" }
    if chance(10) { text += ", since opening" }
    return text
  }

  private mutating func rowCondition(_ kind: String) -> String {
    let own = ["age < \(number(1...40))d", "age >= \(number(1...40))d"]
    let derived: [String] =
      switch kind {
      case "ticket":
        [
          "came_back", "since(came_back_at) < \(number(1...40))d", "since(opened_at) > \(number(1...20))d", "mentions(\"leaving\")",
          "sentiment < 0", "person.role = champion",
        ]
      case "engagement":
        [
          "answered", "personal and not answered", "since(answered_at) < \(number(1...40))d", "reply_time > \(number(1...20))d",
          "business_days >= \(number(1...9))", "mentions(\"leaving\")",
        ]
      case "survey": ["mentions(\"leaving\")", "person.role = champion"]
      case "intent": ["product_line is known"]
      case "invoice": ["open", "late > \(number(0...20))d", "(open and late > 0d)", "not open"]
      case "payment": ["recovered", "not recovered"]
      case "contact":
        ["gone", "not gone", "since(gone_at) < \(number(1...40))d", "moved_to is known", "moved_to = \"\(pick(Self.words))\""]
      default: []
      }
    let stored = Kind(rawValue: kind).map(EventSchema.fields(of:))?.compactMap { comparison(of: $0) } ?? []
    return pick(own + derived + stored)
  }

  private mutating func comparison(of field: EventSchema.Field) -> String? {
    switch field.type {
    case .choice(let words): "\(field.name) = \(pick(words))"
    case .flag: field.name
    case .integer, .number: "\(field.name) >= \(number(0...9))"
    case .instant: pick(["\(field.name) is known", "since(\(field.name)) >= \(number(-20...30))d"])
    case .text where field.name != "person": "\(field.name) = \"\(pick(Self.words))\""
    default: nil
    }
  }
}
