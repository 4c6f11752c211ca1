package import Events

/// Everything an account's sources said of its contacts, tickets, subscriptions and so on, version by version in source time.
package struct EntityHistory: Hashable, Sendable {
  private var timelines: [Kind: [EntityTimeline]] = [:]
  /// Follows from the timelines: which of them can stand in a window, by time.
  private var indices: [Kind: TimelineIndex] = [:]

  package init() {}

  package static func == (a: EntityHistory, b: EntityHistory) -> Bool { a.timelines == b.timelines }
  package func hash(into hasher: inout Hasher) { hasher.combine(timelines) }

  /// Puts a version in its place; the same version again changes nothing, a revised one of the same instant replaces it.
  package mutating func add(_ record: Record, person: PersonKey?, observedAt: Instant) {
    let version = EntityVersion(at: record.at, observedAt: observedAt, person: person, fields: record.fields)
    // Taken out and put back, so that it is changed in place.
    var list = timelines.removeValue(forKey: record.kind) ?? []
    var index = indices.removeValue(forKey: record.kind) ?? TimelineIndex()
    let place = list.partitioningIndex { ($0.id, $0.system) >= (record.id, record.system) }
    if place < list.count, list[place].id == record.id, list[place].system == record.system {
      list[place].insert(version)
      index.change(at: place, to: list[place].latestInstant(of: record.kind), version.at)
    } else {
      list.insert(EntityTimeline(id: record.id, system: record.system, versions: [version]), at: place)
      index.insert(at: place, list[place].latestInstant(of: record.kind), version.at)
    }
    timelines[record.kind] = list
    indices[record.kind] = index
  }

  /// Takes back what a record told, since its source tells that occurrence otherwise now.
  package mutating func remove(_ record: Record) {
    guard var list = timelines[record.kind], var index = indices[record.kind] else { return }
    let place = list.partitioningIndex { ($0.id, $0.system) >= (record.id, record.system) }
    guard place < list.count, list[place].id == record.id, list[place].system == record.system else { return }
    list[place].remove(at: record.at)
    if list[place].versions.isEmpty {
      list.remove(at: place)
      index.remove(at: place)
    } else {
      index.change(at: place, to: list[place].latestInstant(of: record.kind), record.at)
    }
    timelines[record.kind] = list.isEmpty ? nil : list
    indices[record.kind] = list.isEmpty ? nil : index
  }

  /// The things of a kind as they stood at an instant, by id; those first heard of later are not there.
  package func rows(_ kind: Kind, asOf now: Instant) -> [EntityRow] {
    (timelines[kind] ?? []).compactMap { EntityRow(kind: kind, timeline: $0, asOf: now) }
  }

  /// Those of them that can stand later than an instant on the time line: a window costs what it holds, not all that ever was.
  package func rows(_ kind: Kind, asOf now: Instant, after: Instant) -> [EntityRow] {
    guard let list = timelines[kind], let index = indices[kind] else { return [] }
    return index.places(after: after).compactMap { EntityRow(kind: kind, timeline: list[$0], asOf: now) }
  }

  /// One thing as it stood, by id; where several systems use that id, the first by name.
  package func row(_ kind: Kind, id: String, asOf now: Instant) -> EntityRow? {
    (timelines[kind] ?? []).first { $0.id == id }.flatMap { EntityRow(kind: kind, timeline: $0, asOf: now) }
  }

  /// What was told of one thing by one system; nil if nothing was.
  package func timeline(_ kind: Kind, id: String, system: String) -> EntityTimeline? {
    guard let list = timelines[kind] else { return nil }
    let place = list.partitioningIndex { ($0.id, $0.system) >= (id, system) }
    return place < list.count && list[place].id == id && list[place].system == system ? list[place] : nil
  }

  /// When the next version of a kind after an instant comes into force; nil if none lies ahead.
  package func nextVersion(of kind: Kind, after instant: Instant) -> Instant? {
    guard let index = indices[kind], index.latestVersion > instant else { return nil }
    var next: Instant?
    for timeline in timelines[kind] ?? [] {
      guard let last = timeline.versions.last, last.at > instant, let first = timeline.versions.first(where: { $0.at > instant }) else {
        continue
      }
      next = min(next ?? first.at, first.at)
    }
    return next
  }

  /// Every version of a kind, by id and then source time.
  package func timelines(of kind: Kind) -> [EntityTimeline] { timelines[kind] ?? [] }
}

/// One thing's versions, oldest first; each differs from the one before it.
package struct EntityTimeline: Hashable, Sendable {
  package let id: String
  package let system: String
  package private(set) var versions: [EntityVersion]
  /// All that was told, in source time. Two that are equal may be parted by one that comes late, so neither is forgotten.
  private var told: [EntityVersion]

  package init(id: String, system: String, versions: [EntityVersion]) {
    self.id = id
    self.system = system
    self.versions = Self.distinct(versions)
    told = versions
  }

  mutating func insert(_ version: EntityVersion) {
    let place = told.partitioningIndex { $0.at >= version.at }
    if place < told.count, told[place].at == version.at {
      if told[place].tellsTheSame(as: version) { return }
      told[place] = version
    } else {
      told.insert(version, at: place)
    }
    versions = Self.distinct(told)
  }

  mutating func remove(at instant: Instant) {
    told.removeAll { $0.at == instant }
    versions = Self.distinct(told)
  }

  private static func distinct(_ told: [EntityVersion]) -> [EntityVersion] {
    let hasNews = told.indices.map { $0 == 0 || !told[$0 - 1].tellsTheSame(as: told[$0]) }
    return hasNews.contains(false) ? zip(told, hasNews).filter(\.1).map(\.0) : told
  }
}

/// What a source said of a thing from an instant on.
package struct EntityVersion: Hashable, Sendable {
  package let at: Instant
  package let observedAt: Instant
  package let person: PersonKey?
  package let fields: [String: Value]

  func tellsTheSame(as other: EntityVersion) -> Bool { fields == other.fields && person == other.person }
}

/// A thing as it stood at an instant, with the versions that led there.
package struct EntityRow: Sendable {
  package let kind: Kind
  package let id: String
  package let system: String
  package let asOf: Instant
  /// Never empty; the last one is in force.
  package let versions: ArraySlice<EntityVersion>
  package let current: EntityVersion

  init?(kind: Kind, timeline: EntityTimeline, asOf now: Instant) {
    let seen = timeline.versions.prefix { $0.at <= now }
    guard let current = seen.last else { return nil }
    self.kind = kind
    self.id = timeline.id
    self.system = timeline.system
    self.asOf = now
    self.versions = seen
    self.current = current
  }

  package subscript(field: String) -> Value? { current.fields[field] }

  /// Where the thing stands on the time line, for windows: a ticket when it was opened, an invoice when it is due, anything else when it
  /// was first heard of.
  package var timelineInstant: Instant {
    let first = versions.first?.at ?? current.at
    return switch kind {
    case .ticket: self["opened_at"]?.instant ?? first
    case .invoice: self["due_at"]?.instant ?? first
    default: first
    }
  }
}

extension Array {
  /// The index of the first element for which a monotonic condition holds; `count` if there is none.
  func partitioningIndex(where holds: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if holds(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

extension EntityHistory {
  package var json: JSON {
    .object(
      Dictionary(
        uniqueKeysWithValues: timelines.map { kind, list in
          (kind.rawValue, JSON.list(list.map(\.json)))
        }))
  }

  package init?(json: JSON) {
    guard let members = json.object else { return nil }
    for (word, member) in members {
      guard let kind = Kind(rawValue: word), let elements = member.list else { return nil }
      var list: [EntityTimeline] = []
      for element in elements {
        guard let timeline = EntityTimeline(kind: kind, json: element) else { return nil }
        list.append(timeline)
      }
      timelines[kind] = list
      indices[kind] = TimelineIndex(list, of: kind)
    }
  }
}

extension EntityTimeline {
  var json: JSON { ["id": .text(id), "system": .text(system), "versions": .list(told.map(\.json))] }

  init?(kind: Kind, json: JSON) {
    guard let id = json["id"].text, let system = json["system"].text, let elements = json["versions"].list else { return nil }
    var versions: [EntityVersion] = []
    for element in elements {
      guard let version = EntityVersion(kind: kind, json: element) else { return nil }
      versions.append(version)
    }
    self.init(id: id, system: system, versions: versions)
  }
}

extension EntityVersion {
  var json: JSON {
    var members: [String: JSON] = [
      "at": JSON(at.microseconds), "observed": JSON(observedAt.microseconds), "fields": .object(fields.mapValues(\.json)),
    ]
    if let person { members["person"] = JSON(person.number) }
    return .object(members)
  }

  init?(kind: Kind, json: JSON) {
    guard let at = json["at"].integer, let observed = json["observed"].integer,
      let fields = try? Record.fields(of: kind, from: json["fields"])
    else { return nil }
    self.at = Instant(microseconds: at)
    self.observedAt = Instant(microseconds: observed)
    self.person = json["person"].integer.map(PersonKey.init)
    self.fields = fields
  }
}
