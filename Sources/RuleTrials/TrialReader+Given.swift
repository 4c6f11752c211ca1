import ConfigFiles
import Engine
import Events
import Features

extension TrialReader {
  /// Reads one line of `given`.
  func given(_ node: Node, _ setting: inout TrialSetting, _ diagnostics: inout Diagnostics) {
    guard let first = node.entries?.first else {
      diagnostics.report(
        .badEvent, "a given line is a mapping, not \(node.description)", at: node.range, hint: "write seats: 20, or on 2026-01-03: …")
      return
    }
    let (name, value) = (first.name, first.value)
    let isAlone = node.entries?.count == 1
    switch name {
    case "seats" where isAlone: if let seats = whole(value, name, 0...1_000_000, &diagnostics) { setting.seats = seats }
    case "price" where isAlone: if let price = whole(value, name, 0...1_000_000_000, &diagnostics) { setting.price = price }
    case "peers" where isAlone: if let peers = whole(value, name, 0...200, &diagnostics) { setting.peers = Int(peers) }
    case "plan" where isAlone: if let plan = plan(value, &diagnostics) { setting.plan = plan }
    case "customer since" where isAlone: if let day = day(value, into: &diagnostics) { setting.customerSince = day }
    case "account" where isAlone && value.entries != nil:
      setting.account = fields(of: .account, value.entries ?? [], &diagnostics)
    case "not connected" where isAlone:
      for kind in value.list(for: name, into: &diagnostics) {
        if let kind = self.kind(kind, &diagnostics) { setting.notConnected.insert(kind) }
      }
    case _ where isAlone && (name.hasPrefix("daily ") || name.hasPrefix("weekly ")):
      if let routine = routine(first, &diagnostics) { setting.routines.append(routine) }
    case _ where isAlone && name.hasPrefix("on "):
      guard let day = day(name.dropFirst(3), at: first.key.range, &diagnostics) else { return }
      for change in changes(value, &diagnostics) { setting.events.append(TrialEvent(day: day, change: change)) }
    case _ where Kind(rawValue: name) != nil:
      if let record = record(node, &diagnostics) { setting.events.append(TrialEvent(day: setting.from, change: record)) }
    default:
      diagnostics.report(
        .badEvent, "\(name) is nothing that can be given", at: first.key.range,
        hint: suggestion(
          for: name,
          among: ["seats", "plan", "price", "peers", "account", "customer since", "not connected"] + Kind.allCases.map(\.rawValue))
          ?? "seats, plan, price, peers, account, customer since, not connected, daily EVENT, weekly EVENT, on DAY, or a kind of record")
    }
  }

  private func whole(_ node: Node, _ name: String, _ bounds: ClosedRange<Int64>, _ diagnostics: inout Diagnostics) -> Int64? {
    node.integer(for: name, in: bounds, into: &diagnostics)
  }

  private func plan(_ node: Node, _ diagnostics: inout Diagnostics) -> String? {
    node.choice(for: "plan", among: configuration.catalog.plans.keys.sorted(), into: &diagnostics)
  }

  private func kind(_ node: Node, _ diagnostics: inout Diagnostics) -> Kind? {
    node.choice(for: "a kind", among: Kind.allCases.map(\.rawValue), into: &diagnostics).flatMap(Kind.init)
  }

  // MARK: On a day

  private func changes(_ node: Node, _ diagnostics: inout Diagnostics) -> [TrialEvent.Change] {
    if let elements = node.elements { return elements.flatMap { changes($0, &diagnostics) } }
    if node.entries != nil { return record(node, &diagnostics).map { [$0] } ?? [] }
    guard let text = node.text else {
      diagnostics.report(.badEvent, "what happens on that day is missing", at: node.range, hint: "write seats 10 → 4, or { ticket: t1, … }")
      return []
    }
    if let change = change(text, node, &diagnostics) { return [change] }
    diagnostics.report(
      .badEvent, "\(text) is nothing that can happen", at: node.range,
      hint: "seats 10 → 4, plan a → b, price 5000 → 6000, usage goes stale, usage is back, or { ticket: t1, subject: … }")
    return []
  }

  /// `seats 10 → 4`, `usage goes stale`; nil where it is neither.
  private func change(_ text: String, _ node: Node, _ diagnostics: inout Diagnostics) -> TrialEvent.Change? {
    let words = text.replacing("->", with: "→").split(separator: " ").map(String.init)
    guard let first = words.first else { return nil }
    if let kind = Kind(rawValue: first) {
      switch words.dropFirst().joined(separator: " ") {
      case "goes stale": return .stale(kind)
      case "is back": return .fresh(kind)
      default: return nil
      }
    }
    guard words.count == 4, words[2] == "→" else { return nil }
    switch first {
    case "seats": return Int64(words[3]).map(TrialEvent.Change.seats)
    case "price": return Int64(words[3]).map(TrialEvent.Change.price)
    case "plan":
      for plan in [words[1], words[3]] where configuration.catalog.plans[plan] == nil {
        diagnostics.report(
          .badField, "there is no plan \(plan)", at: node.range,
          hint: suggestion(for: plan, among: configuration.catalog.plans.keys.sorted()))
      }
      return .plan(words[3])
    default: return nil
    }
  }

  /// `{ ticket: t1, subject: "…" }`: the first entry names kind and id.
  private func record(_ node: Node, _ diagnostics: inout Diagnostics) -> TrialEvent.Change? {
    guard let entries = node.entries, let head = entries.first else { return nil }
    guard let kind = Kind(rawValue: head.name), kind != .usage else {
      diagnostics.report(
        .badEvent, "\(head.name) is no kind of record that can be given", at: head.key.range,
        hint: suggestion(for: head.name, among: Kind.allCases.filter { $0 != .usage }.map(\.rawValue)))
      return nil
    }
    guard let id = head.value.text(for: head.name, into: &diagnostics) else { return nil }
    var rest = Array(entries.dropFirst())
    var person: String?
    var uses: Int?
    if let index = rest.firstIndex(where: { $0.name == "person" }) {
      person = rest.remove(at: index).value.text(for: "person", into: &diagnostics)
    }
    if let index = rest.firstIndex(where: { $0.name == "uses" }), kind == .contact {
      let node = rest.remove(at: index).value
      let text = node.text ?? ""
      uses = text == "true" ? 1 : text.hasPrefix("p") ? Int(text.dropFirst()) : nil
      if uses == nil {
        diagnostics.report(.badField, "\(text) is no user of the product", at: node.range, hint: "write true for p1, or p3")
      }
    }
    let without = rest.filter(\.value.isNull).map(\.name).filter { EventSchema.field($0, of: kind) != nil }
    rest.removeAll { without.contains($0.name) }
    return .record(kind, id: id, person: person, uses: uses, fields: fields(of: kind, rest, &diagnostics), without: without)
  }

  /// Fields of a kind, days for instants.
  private func fields(of kind: Kind, _ entries: [Node.Entry], _ diagnostics: inout Diagnostics) -> [String: Value] {
    object(entries, EventSchema.fields(of: kind), kind.rawValue, &diagnostics)
  }

  private func object(
    _ entries: [Node.Entry], _ schema: [EventSchema.Field], _ path: String, _ diagnostics: inout Diagnostics
  ) -> [String: Value] {
    var values: [String: Value] = [:]
    for entry in entries {
      guard let field = schema.first(where: { $0.name == entry.name }) else {
        diagnostics.report(
          .badField, "\(path) has no field \(entry.name)", at: entry.key.range, hint: suggestion(for: entry.name, among: schema.map(\.name))
        )
        continue
      }
      values[field.name] = value(entry.value, field.type, "\(path).\(field.name)", &diagnostics)
    }
    return values
  }

  private func value(_ node: Node, _ type: EventSchema.FieldType, _ path: String, _ diagnostics: inout Diagnostics) -> Value? {
    switch type {
    case .object(let fields):
      guard let entries = node.entries else { break }
      return .object(object(entries, fields, path, &diagnostics))
    case .list(let element):
      guard let elements = node.elements else { break }
      return .list(elements.compactMap { value($0, element, path, &diagnostics) })
    case .names:
      guard let entries = node.entries else { break }
      return .object(Dictionary(entries.map { ($0.name, Value.text($0.value.text ?? "")) }) { $1 })
    case .instant:
      if let text = node.text, let day = Day(text) { return .instant(configuration.calendar.start(of: day) + .hours(9)) }
      fallthrough
    default:
      guard let text = node.text else { break }
      let json: JSON = type == .flag ? (text == "true" ? true : text == "false" ? false : .text(text)) : .text(text)
      do { return try type.decode(json, at: path) } catch {
        diagnostics.report(.badField, "\(error)", at: node.range)
        return nil
      }
    }
    diagnostics.report(.badField, "\(path) cannot be \(node.description)", at: node.range)
    return nil
  }

  // MARK: Routines

  /// `daily logins: 12 until 2026-02-01 then 2`, `daily report_viewed: p1-p3 in team design`.
  private func routine(_ entry: Node.Entry, _ diagnostics: inout Diagnostics) -> UsageRoutine? {
    let isWeekly = entry.name.hasPrefix("weekly ")
    let name = String(entry.name.dropFirst(isWeekly ? 7 : 6))
    guard let event = event(name) else {
      diagnostics.report(
        .badRoutine, "\(name) is no event of features.yaml", at: entry.key.range,
        hint: suggestion(for: name, among: configuration.catalog.features.keys.sorted() + ["logins", "api calls", "metered units"]))
      return nil
    }
    guard let text = entry.value.text(for: entry.name, into: &diagnostics) else { return nil }
    let counts = [.api, .metered, .limitHit].contains(configuration.catalog.meaning(of: event))
    var phases: [UsageRoutine.Phase] = []
    var from: Day?
    var rest = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")[...]
    while true {
      let until = rest.firstRange(of: " until ")
      let words = rest[..<(until?.lowerBound ?? rest.endIndex)].split(separator: " ").map(String.init)
      guard let phase = phase(words, from: from, counts: counts) else {
        diagnostics.report(
          .badRoutine, "\(rest) says neither how many nor who", at: entry.value.range,
          hint: "write 12, p1, p1-p4 or nobody, and for a change: 12 until 2026-02-01 then 2")
        return nil
      }
      phases.append(phase)
      guard let until else { return UsageRoutine(event: event, isWeekly: isWeekly, phases: phases) }
      guard let then = rest[until.upperBound...].firstRange(of: " then ") else {
        diagnostics.report(.badRoutine, "what holds afterwards is missing", at: entry.value.range, hint: "write 12 until 2026-02-01 then 2")
        return nil
      }
      guard let day = day(rest[until.upperBound..<then.lowerBound], at: entry.value.range, &diagnostics) else { return nil }
      from = day
      rest = rest[then.upperBound...]
    }
  }

  private func event(_ name: String) -> String? {
    let first = { (meaning: UsageMeaning) in configuration.catalog.features.filter { $0.value.meaning == meaning }.keys.min() }
    return switch name {
    case "logins": first(.login)
    case "api calls": first(.api)
    case "metered units": first(.metered)
    default: configuration.catalog.features[name] == nil ? nil : name
    }
  }

  private func phase(_ words: [String], from: Day?, counts: Bool) -> UsageRoutine.Phase? {
    var words = words.filter { $0 != "people" && $0 != "person" }
    var team: String?
    if words.count >= 3, words[words.count - 3] == "in", words[words.count - 2] == "team" {
      team = words[words.count - 1]
      words.removeLast(3)
    }
    guard !words.isEmpty else { return nil }
    if words == ["nobody"] { return UsageRoutine.Phase(from: from, who: .persons([]), team: team) }
    if words.count == 1, let number = Int64(words[0]), (0...10_000_000).contains(number) {
      let who: UsageRoutine.Who = counts ? .quantity(number) : .persons(Array(0..<Int(min(number, 1_000))).map { $0 + 1 })
      return UsageRoutine.Phase(from: from, who: who, team: team)
    }
    var persons: [Int] = []
    for word in words {
      let ends = word.split(separator: "-").map { $0.hasPrefix("p") ? Int($0.dropFirst()) : nil }
      guard let first = ends.first ?? nil, let last = ends.last ?? nil, first >= 1, last >= first, last <= 1_000 else { return nil }
      persons += Array(first...last)
    }
    return UsageRoutine.Phase(from: from, who: .persons(persons), team: team)
  }
}
