import Events
import Features
import Revenue

/// What the contacts and account records of all customers say together. It follows from the account states and is never stored.
struct Directory: Sendable {
  /// The companies of the CRM that are no customers.
  private(set) var prospects = ProspectIndex()
  /// The accounts of which somebody went to a company, by what it is known by, and how many things say so.
  private var departures: [CompanyMark: [AccountKey: Int]] = [:]
  /// Contacts by system.
  private var contacts: [String: Int] = [:]
  /// How many of them were said to have left, moved or come back, by day of the source's time.
  private var edits: [Place: Int] = [:]
  /// The days that have got more edits since they were last looked at.
  private var fresh: Set<Place> = []

  struct Place: Hashable, Comparable {
    let system: String
    let day: Day

    static func < (a: Place, b: Place) -> Bool { (a.system, a.day) < (b.system, b.day) }
  }

  /// Changes what is told of one thing.
  mutating func changing(
    _ record: Record, in state: inout AccountState, _ calendar: CompanyCalendar, _ change: (inout EntityHistory) -> Void
  ) {
    guard record.kind == .contact || record.kind == .enrichment else { return change(&state.entities) }
    let before = state.entities.timeline(record.kind, id: record.id, system: record.system)
    change(&state.entities)
    let after = state.entities.timeline(record.kind, id: record.id, system: record.system)
    if let before { count(before, record.kind, of: state.key, -1, calendar) }
    if let after { count(after, record.kind, of: state.key, 1, calendar) }
    guard let after, record.kind == .contact else { return }
    let new = after.presenceEdits(calendar).subtracting(before?.presenceEdits(calendar) ?? [])
    fresh.formUnion(new.map { Place(system: after.system, day: $0) })
  }

  /// Takes off what an account's records say; the next ones are counted one by one.
  mutating func forget(_ state: AccountState, _ calendar: CompanyCalendar) { count(state, -1, calendar) }

  /// Counts an account as it stands.
  mutating func add(_ state: AccountState, _ calendar: CompanyCalendar) { count(state, 1, calendar) }

  /// Enters an account as a prospect or takes it out.
  ///
  /// - Returns: the other accounts of which somebody may have gone there, by key.
  mutating func enter(_ prospect: Prospect?, of account: AccountKey) -> [AccountKey] {
    let marks = prospects.set(prospect, of: account)
    return marks.reduce(into: Set<AccountKey>()) { $0.formUnion(departures[$1, default: [:]].keys) }.subtracting([account]).sorted()
  }

  /// The days with more edits than when this was last asked, with the contacts edited on each and all of the system's.
  mutating func freshEdits() -> [(system: String, day: Day, edited: Int, contacts: Int)] {
    defer { fresh = [] }
    return fresh.sorted().map { ($0.system, $0.day, edits[$0] ?? 0, contacts[$0.system] ?? 0) }
  }

  private mutating func count(_ state: AccountState, _ sign: Int, _ calendar: CompanyCalendar) {
    for kind in [Kind.contact, .enrichment] {
      for timeline in state.entities.timelines(of: kind) { count(timeline, kind, of: state.key, sign, calendar) }
    }
  }

  private mutating func count(_ timeline: EntityTimeline, _ kind: Kind, of account: AccountKey, _ sign: Int, _ calendar: CompanyCalendar) {
    for mark in timeline.newCompanies(kind) {
      var accounts = departures[mark, default: [:]]
      let number = accounts[account, default: 0] + sign
      accounts[account] = number == 0 ? nil : number
      departures[mark] = accounts.isEmpty ? nil : accounts
    }
    guard kind == .contact else { return }
    contacts[timeline.system, default: 0] += sign
    for day in timeline.presenceEdits(calendar) {
      let place = Place(system: timeline.system, day: day)
      let number = edits[place, default: 0] + sign
      edits[place] = number == 0 ? nil : number
    }
  }
}

extension EntityTimeline {
  /// Where a contact may have gone by what was ever told of it: all but the first domain and company, and the company of a new job.
  fileprivate func newCompanies(_ kind: Kind) -> Set<CompanyMark> {
    guard kind == .contact else { return Set(versions.compactMap { CompanyMark(name: $0.fields["company"]?.text) }) }
    let domains = versions.compactMap(\.emailDomain)
    let companies = versions.compactMap { $0.fields["company"]?.text }
    return Set(domains.dropFirst().compactMap { CompanyMark(domain: $0) } + companies.dropFirst().compactMap { CompanyMark(name: $0) })
  }
}

extension LogFold {
  /// Counts all accounts anew: after a start, and where days begin at other instants than before.
  mutating func rebuildDirectory() {
    forgetCompany()
    directory = Directory()
    guard let calendar = configuration?.calendar else { return }
    for key in accounts.keys.sorted() {
      guard let state = accounts[key] else { continue }
      directory.add(state, calendar)
      _ = directory.enter(state.prospect, of: key)
    }
  }

  /// Follows what a record of an account, or all of them, told of prospects and of departures.
  mutating func reviewDirectory(_ kind: Kind?, of key: AccountKey, now: Instant) {
    if kind == nil || kind == .account || kind == .subscription {
      let prospect = accounts[key]?.prospect
      if prospect != directory.prospects[key] {
        forgetCompany()
        for other in directory.enter(prospect, of: key) {
          memories[other]?.news.insert(KindSet(.contact))
          evaluate(other, now: now)
        }
      }
    }
    if kind == nil || kind == .contact { reviewBulkEdits(now: now) }
  }

  private mutating func reviewBulkEdits(now: Instant) {
    for fresh in directory.freshEdits() {
      guard let edit = portfolio.bulkEdits.review(fresh.system, fresh.day, edited: fresh.edited, contacts: fresh.contacts) else { continue }
      open(
        FeedFinding.bulkEdit, of: edit.name,
        title: "\(edit.edited) of \(edit.contacts) contacts of \(edit.system) left or moved on \(edit.day): a bulk edit?",
        facts: ["what \(edit.system) says of departures on that day counts for nothing, so that no champion is taken to have left"],
        play: "Ask who cleaned up the contacts. If these people have left, say so: bellwether feeds accept \(edit.name).", now: now)
      evaluateAll(now: now)
    }
  }

  /// Lets the edits of a day count for what they look like, since a person says so; false if no such day is held.
  mutating func acceptBulkEdit(_ name: String, now: Instant) -> Bool {
    guard portfolio.bulkEdits.accept(name) != nil else { return false }
    close(
      FeedFinding.bulkEdit, of: name, reason: OutageDetector.Ending.accepted.rawValue,
      title: "the departures of \(name) are accepted as real", now: now)
    return true
  }
}

extension AccountState {
  /// The account as a company to be won: the CRM says prospect, and it pays nothing.
  fileprivate var prospect: Prospect? {
    guard let timeline = entities.timelines(of: .account).first(where: { $0.versions.last?.fields["status"]?.text == "prospect" }),
      let fields = timeline.versions.last?.fields, ledger.levels.last.map({ $0.mrr == 0 }) ?? true
    else { return nil }
    return Prospect(
      account: key, name: fields["name"]?.text ?? fields["domain"]?.text ?? timeline.id, domain: fields["domain"]?.text,
      ae: fields["ae"]?.text ?? fields["owner"]?["name"]?.text)
  }
}
