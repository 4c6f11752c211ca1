package import Events
internal import Features

/// What the engine worked out of whole cohorts, by feature, cohort and day; a figure that stands never changes.
///
/// A day holds figures only of cohorts large enough to have one. Days of a feature follow each other without a gap, so a figure is found,
/// and written, by its place.
package struct CohortTable: Hashable, Sendable {
  private var series: [String: CohortSeries] = [:]

  package init() {}

  /// The cohort of all accounts alone.
  package init(all tables: [String: [Day: Fixed]]) {
    for (feature, table) in tables {
      for day in table.keys.sorted() { append([CohortName.all: table[day] ?? .zero], of: feature, on: day) }
    }
  }

  /// The features that have any day, sorted.
  package var features: [String] { series.keys.sorted() }

  /// The days for which a feature's figures stand.
  package func days(of feature: String) -> ClosedRange<Day>? {
    guard let series = series[feature], series.count > 0 else { return nil }
    return series.first...(series.first + (series.count - 1))
  }

  package func value(of feature: String, in cohort: String, on day: Day) -> Fixed? {
    guard let series = series[feature], day >= series.first, day - series.first < series.count else { return nil }
    return series.values[cohort]?[day - series.first]
  }

  /// Fixes the figures of a day behind those that stand; days left out in between have none.
  package mutating func append(_ figures: [String: Fixed], of feature: String, on day: Day) {
    var series = series[feature] ?? CohortSeries(first: day)
    guard day >= series.first + series.count else { return }
    series.extend(to: day, figures)
    self.series[feature] = series
  }

  /// Forgets the days before a day.
  package mutating func forget(_ feature: String, before day: Day) {
    series[feature]?.forget(before: day)
    if series[feature]?.count == 0 { series[feature] = nil }
  }

  /// Forgets the features that no rule reads any more.
  package mutating func keep(_ features: Set<String>) { series = series.filter { features.contains($0.key) } }
}

/// One feature's figures by cohort; each list has an entry for each day.
private struct CohortSeries: Hashable, Sendable {
  var first: Day
  var count = 0
  var values: [String: [Fixed?]] = [:]

  init(first: Day) { self.first = first }

  mutating func extend(to day: Day, _ figures: [String: Fixed]) {
    let gap = day - (first + count)
    count += gap + 1
    for cohort in Set(values.keys).union(figures.keys) {
      var list = values[cohort] ?? []
      list += Array(repeating: nil, count: count - 1 - list.count)
      list.append(figures[cohort])
      values[cohort] = list
    }
  }

  mutating func forget(before day: Day) {
    let gone = min(day - first, count)
    guard gone > 0 else { return }
    values = values.mapValues { Array($0.dropFirst(gone)) }.filter { $0.value.contains { $0 != nil } }
    first = first + gone
    count -= gone
  }
}

extension CohortTable {
  package var json: JSON {
    .object(
      series.mapValues { series in
        [
          "first": JSON(series.first), "days": JSON(series.count),
          "values": .object(series.values.mapValues { .list($0.map { $0.map { JSON($0.millionths) } ?? .null }) }),
        ]
      })
  }

  /// Nil if the text was not written by `json`.
  package init?(json: JSON) {
    guard let members = json.object else { return nil }
    for (feature, member) in members {
      guard let first = member["first"].text.flatMap({ Day($0) }), let count = member["days"].integer, let lists = member["values"].object
      else { return nil }
      var series = CohortSeries(first: first)
      series.count = Int(count)
      for (cohort, list) in lists {
        guard let list = list.list, list.count == series.count else { return nil }
        series.values[cohort] = list.map { $0.integer.map { Fixed(millionths: $0) } }
      }
      self.series[feature] = series
    }
  }
}

/// Whom an account is compared with.
package enum CohortName {
  /// The cohort of all accounts.
  package static let all = ""

  /// The cohorts of an account, the narrowest first: segment × industry × region, segment × industry, segment, all.
  package static func path(segment: String?, industry: String?, region: String?) -> [String] {
    guard let segment else { return [all] }
    guard let industry else { return [segment, all] }
    guard let region else { return ["\(segment) × \(industry)", segment, all] }
    return ["\(segment) × \(industry) × \(region)", "\(segment) × \(industry)", segment, all]
  }

  static func text(_ name: String) -> String { name == all ? "all accounts" : name }
}

extension Facts {
  /// The account's cohorts as its record stands in this view, the narrowest first.
  package var cohorts: [String] {
    let text = { (field: String) in self.accountValue([field])?.text.flatMap { $0.isEmpty ? nil : $0 } }
    return CohortName.path(segment: text("segment"), industry: text("industry"), region: text("region"))
  }

  /// The value of a field of the account record: of all systems that tell it, the one that spoke last.
  func accountValue(_ path: [String]) -> Value? {
    var found: (at: Instant, value: Value)?
    for row in account.entities.rows(.account, asOf: now) {
      guard var value = path.first.flatMap({ row[$0] }) else { continue }
      var isThere = true
      for name in path.dropFirst() {
        guard let nested = value[name] else {
          isThere = false
          break
        }
        value = nested
      }
      if isThere, found.map({ $0.at < row.current.at }) ?? true { found = (row.current.at, value) }
    }
    return found?.value
  }
}
