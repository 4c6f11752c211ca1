package import Events

/// What changed in a thing between two of its versions, in words that rules and people use: `seats 10 → 4`, `champion left`.
///
/// It follows from our own neighbouring versions in source time, never from what a vendor says had been there before; a version that
/// comes late moves the changes around it.
package struct TypedChange: Hashable, Sendable {
  package let kind: Kind
  package let id: String
  package let system: String
  package let topic: Topic
  /// Nil where there was none, or where the topic says all.
  package let from: String?
  package let to: String?
  /// The source's time of the version that brought it.
  package let at: Instant
  /// When we learned that version.
  package let learnedAt: Instant

  package enum Topic: String, CaseIterable, Sendable {
    case seats, plan, price, status, stage, amount, priority, owner, segment, role
    case noticeDate = "notice_date"
    case contractEnd = "contract_end"
    case autoRenewal = "auto_renewal"
    case cancellation
    case expectedClose = "expected_close"
    case escalation
    /// A contact left the company, or came back.
    case left, returned
  }

  /// The words of a time line: `seats 10 → 4`.
  package var description: String {
    let name = topic.rawValue.replacing("_", with: " ")
    let role = (from ?? to ?? Kind.contact.rawValue).replacing("_", with: " ")
    switch topic {
    case .left: return "\(role) left"
    case .returned: return "\(role) came back"
    case .cancellation: return to.map { "cancellation set for \($0)" } ?? "cancellation of \(from ?? "the subscription") taken back"
    default: return "\(kind == .subscription || kind == .account ? "" : kind.rawValue + " ")\(name) \(from ?? "none") → \(to ?? "none")"
    }
  }
}

extension EntityHistory {
  /// Every change of everything known of an account up to an instant, in source time; of one instant in order of kind, id and topic.
  package func changes(asOf now: Instant, _ catalog: ProductCatalog, _ calendar: CompanyCalendar) -> [TypedChange] {
    let reader = ChangeReader(catalog: catalog, calendar: calendar)
    let changes = Kind.allCases.flatMap { kind in
      timelines(of: kind).flatMap { timeline in
        zip(timeline.versions, timeline.versions.dropFirst()).filter { $0.1.at <= now }.flatMap { reader.changes(kind, timeline, $0, $1) }
      }
    }
    return changes.sorted { ($0.at, $0.kind, $0.id, $0.system, $0.topic.rawValue) < ($1.at, $1.kind, $1.id, $1.system, $1.topic.rawValue) }
  }
}

/// Compares neighbouring versions.
private struct ChangeReader {
  let catalog: ProductCatalog
  let calendar: CompanyCalendar

  private typealias Topic = TypedChange.Topic

  func changes(_ kind: Kind, _ timeline: EntityTimeline, _ old: EntityVersion, _ new: EntityVersion) -> [TypedChange] {
    var found = Self.fields[kind]?.compactMap { difference($0, $1, old, new) } ?? []
    switch kind {
    case .subscription: found += billing(old, new)
    case .contact: found += presence(timeline, old, new)
    default: break
    }
    return found.map { topic, from, to in
      TypedChange(
        kind: kind, id: timeline.id, system: timeline.system, topic: topic, from: from, to: to, at: new.at, learnedAt: new.observedAt)
    }
  }

  private typealias Difference = (topic: Topic, from: String?, to: String?)

  /// The fields whose value alone is the change. A field that only one of the versions tells is no change: feeds tell of parts.
  private static let fields: [Kind: [(topic: Topic, path: [String])]] = [
    .account: [
      (.status, ["status"]), (.owner, ["owner", "name"]), (.segment, ["segment"]), (.noticeDate, ["contract", "notice_by"]),
      (.contractEnd, ["contract", "end"]), (.autoRenewal, ["contract", "auto_renew"]),
    ],
    .contact: [(.role, ["role"])],
    .opportunity: [(.stage, ["stage"]), (.amount, ["amount"]), (.expectedClose, ["expected_close"])],
    .subscription: [(.status, ["status"])],
    .invoice: [(.status, ["status"])],
    .payment: [(.status, ["status"])],
    .ticket: [(.status, ["status"]), (.priority, ["priority"]), (.escalation, ["escalated"])],
  ]

  private func difference(_ topic: Topic, _ path: [String], _ old: EntityVersion, _ new: EntityVersion) -> Difference? {
    guard let from = text(path, of: old), let to = text(path, of: new), from != to else { return nil }
    return (topic, from, to)
  }

  private func text(_ path: [String], of version: EntityVersion) -> String? {
    guard let first = path.first, var value = version.fields[first] else { return nil }
    for name in path.dropFirst() {
      guard let inner = value[name] else { return nil }
      value = inner
    }
    return text(value)
  }

  private func text(_ value: Value) -> String? {
    if let instant = value.instant { return calendar.day(of: instant).description }
    if let flag = value.flag { return flag ? "yes" : "no" }
    return value.text ?? value.number?.description
  }

  /// Seats, plans, prices and a cancellation that is set or taken back.
  private func billing(_ old: EntityVersion, _ new: EntityVersion) -> [Difference] {
    var found: [Difference] = []
    let (before, after) = (items(of: old), items(of: new))
    if let before, let after {
      let (seatsBefore, seatsAfter) = (seats(before), seats(after))
      if seatsBefore != seatsAfter { found.append((.seats, seatsBefore.description, seatsAfter.description)) }
      let (plansBefore, plansAfter) = (plans(before), plans(after))
      if plansBefore != plansAfter {
        found.append((.plan, plansBefore, plansAfter))
      } else if let (from, to) = prices(before, after) {
        found.append((.price, from, to))
      }
    }
    let (endBefore, endAfter) = (text(["cancel_at"], of: old), text(["cancel_at"], of: new))
    if endBefore != endAfter { found.append((.cancellation, endBefore, endAfter)) }
    return found
  }

  private func items(of version: EntityVersion) -> [Value]? { version.fields["items"]?.list }

  private func plan(_ item: Value) -> String { item["plan"]?.text ?? item["id"]?.text ?? "" }

  private func seats(_ items: [Value]) -> Fixed {
    items.filter { $0["metered"]?.flag != true && catalog.countsSeats(plan($0)) }
      .reduce(Fixed.zero) { $0 + ($1["quantity"]?.number ?? Fixed(1)) }
  }

  private func plans(_ items: [Value]) -> String { Set(items.map(plan)).sorted().joined(separator: " + ") }

  /// The unit amounts, plan by plan, where they differ.
  private func prices(_ before: [Value], _ after: [Value]) -> (String, String)? {
    let text = { (items: [Value]) in
      items.compactMap { item in item["unit_amount"].flatMap(\.json.scalarText).map { "\(plan(item)) \($0)" } }.sorted()
        .joined(separator: " + ")
    }
    let (from, to) = (text(before), text(after))
    return from == to || from.isEmpty || to.isEmpty ? nil : (from, to)
  }

  /// Whether a contact left between two versions, or came back.
  private func presence(_ timeline: EntityTimeline, _ old: EntityVersion, _ new: EntityVersion) -> [Difference] {
    let (was, isNow) = (timeline.hasLeft(at: old.at), timeline.hasLeft(at: new.at))
    guard was != isNow else { return [] }
    let role = new.fields["role"]?.text ?? old.fields["role"]?.text
    let shown = role == "user" ? nil : role
    return [isNow ? (.left, shown, nil) : (.returned, shown, nil)]
  }
}

extension EntityTimeline {
  fileprivate func hasLeft(at instant: Instant) -> Bool { EntityRow(kind: .contact, timeline: self, asOf: instant)?.goneAt != nil }
}
