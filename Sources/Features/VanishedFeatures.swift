package import Events

/// Notices when a feature vanishes at many accounts at once: nobody stops together, so its event was renamed or is no longer sent.
///
/// An account counts as a user of a feature that it used on at least half the business days of four weeks, and as having lost it when, at
/// its own pace, two days of use or more are missing while it goes on to use other things. Where more than a quarter of the users, and at
/// least five, lost it with last uses within 48 hours of each other, the feature is held back from that day on: it counts for nothing,
/// neither before nor after, until it is used again, until a person says that it is real, or until its name is described otherwise.
package struct VanishedFeatures: Hashable, Sendable {
  /// At least so many accounts lose it together.
  package static let leastAccounts = 5
  /// More than one in so many of its users.
  package static let oneIn = 4
  /// The last uses lie within this and the following day.
  package static let togetherDays = 1
  /// The days before the last use over which an account's pace is taken, and the business days with use among them that make a user.
  package static let paceDays = 28
  package static let leastActiveDays = 10
  /// Forgotten after so long: by then no window reaches back to it.
  package static let horizon = 400

  /// A feature that is held back.
  package struct Feature: Hashable, Sendable {
    package let name: String
    /// The last day on which accounts still used it together.
    package let lastDay: Day
    /// How many lost it, and how many used it.
    package let lost: Int
    package let users: Int
    /// A person says that it is real: it is not held, and not suspected again until it is used.
    package fileprivate(set) var isAccepted = false
  }

  package enum Change: Hashable, Sendable {
    case vanished(Feature)
    case returned(Feature)
  }

  private var features: [String: Feature] = [:]

  package init() {}

  /// The features held back, by name.
  package var held: [Feature] { features.values.filter { !$0.isAccepted }.sorted { $0.name < $1.name } }

  /// Takes a feature's disappearance for real; gives what is held no longer, nil if it was not held.
  package mutating func accept(_ name: String) -> Feature? {
    guard let feature = features[name], !feature.isAccepted else { return nil }
    features[name]?.isAccepted = true
    return feature
  }

  /// Looks at the accounts' usage through a complete day; the changes come by name.
  ///
  /// - Parameter usages: one for each account that is a customer, in any order.
  package mutating func review(_ usages: [UsageHistory], through day: Day, _ calendar: CompanyCalendar) -> [Change] {
    var stands: [String: [Standing]] = [:]
    for usage in usages {
      for name in usage.names {
        if let standing = Standing(of: name, in: usage, through: day, calendar) { stands[name, default: []].append(standing) }
      }
    }
    var changes: [Change] = []
    for (name, feature) in features.sorted(by: { $0.key < $1.key }) {
      let after = (feature.lastDay + Self.togetherDays + 1)...max(day, feature.lastDay + Self.togetherDays + 1)
      let isUsed = usages.count { $0.days(of: name).map { !$0.isDisjoint(from: after) } ?? false } * 2 >= feature.lost
      guard isUsed || day - feature.lastDay > Self.horizon else { continue }
      features[name] = nil
      if !feature.isAccepted { changes.append(.returned(feature)) }
    }
    for (name, standings) in stands.sorted(by: { $0.key < $1.key }) where features[name] == nil {
      guard let feature = Self.vanished(name, standings) else { continue }
      features[name] = feature
      changes.append(.vanished(feature))
    }
    return changes
  }

  private static func vanished(_ name: String, _ standings: [Standing]) -> Feature? {
    let lost = standings.filter(\.isLost).map(\.lastDay).sorted()
    guard lost.count >= leastAccounts, lost.count * oneIn > standings.count else { return nil }
    // The first of the two days within which most lost it.
    let together = Set(lost).sorted().map { first in (first: first, count: lost.count { $0 >= first && $0 - first <= togetherDays }) }
    guard let most = together.max(by: { ($0.count, $1.first) < ($1.count, $0.first) }), most.count >= leastAccounts,
      most.count * oneIn > standings.count
    else { return nil }
    return Feature(name: name, lastDay: most.first, lost: most.count, users: standings.count)
  }

  /// How an account that uses a feature regularly stands to it.
  private struct Standing {
    let lastDay: Day
    let isLost: Bool

    /// Nil for an account that does not, or no longer, count as a user.
    init?(of name: String, in usage: UsageHistory, through day: Day, _ calendar: CompanyCalendar) {
      let recent = (day - VanishedFeatures.paceDays / 2)...day
      guard let days = usage.days(of: name), let last = days.last(in: recent) else { return nil }
      let pace = (last - (VanishedFeatures.paceDays - 1))...last
      guard days.count(in: pace) >= VanishedFeatures.leastActiveDays else { return nil }
      lastDay = last
      guard last < day else {
        isLost = false
        return
      }
      let active = usage.activeDays(UsageSelection(names: [name], businessDaysOnly: true), pace, calendar).count
      let open = calendar.businessDays(from: last - (VanishedFeatures.paceDays - 1), through: last)
      let silent = calendar.businessDays(from: last + 1, through: day)
      guard active >= VanishedFeatures.leastActiveDays, silent * active >= 2 * open else {
        isLost = false
        return
      }
      var others = Set(usage.names)
      others.remove(name)
      let other = usage.activeDays(UsageSelection(names: others, businessDaysOnly: true), (last + 1)...day, calendar)
      isLost = other.count * 2 >= silent
    }
  }
}

extension VanishedFeatures {
  package var json: JSON {
    .list(
      features.values.sorted { $0.name < $1.name }.map { feature in
        [
          "name": .text(feature.name), "last_day": JSON(feature.lastDay), "lost": JSON(feature.lost), "users": JSON(feature.users),
          "accepted": .flag(feature.isAccepted),
        ]
      })
  }

  /// Nil if the text was not written by `json`; none where nothing was written.
  package init?(json: JSON) {
    for element in json.list ?? [] {
      guard let name = element["name"].text, let lastDay = element["last_day"].text.flatMap({ Day($0) }),
        let lost = element["lost"].integer,
        let users = element["users"].integer, let isAccepted = element["accepted"].flag
      else { return nil }
      features[name] = Feature(name: name, lastDay: lastDay, lost: Int(lost), users: Int(users), isAccepted: isAccepted)
    }
  }
}
