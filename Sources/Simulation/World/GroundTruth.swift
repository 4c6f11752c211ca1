package import Events

/// What was planted where and when: for judging the product, never for its eyes.
package struct GroundTruth: Hashable, Sendable {
  /// An account with something planted in it.
  package struct Account: Hashable, Sendable {
    package let cause: Cause
    package let name: String
    /// The account's id by system: stripe, hubspot, zendesk, posthog.
    package let external: [String: String]
    /// The rule that should see it; nil where none should fire or none can.
    package let rule: String?
    /// Looks like trouble and is none.
    package let isDecoy: Bool
    /// Instants within the simulated time: `signal_at upgrade_at first_new_use last_new_use payment_concern_at champion_left_at
    /// cancel_scheduled_at churned_at` and others, where they apply.
    package let dates: [String: Instant]
    /// The vendor's names of the features that an upgrade unlocked and that came into use.
    package let newFeatures: [String]
    /// Seats and plan at the beginning and, where there was one, after each change.
    package let purchases: [String]
  }

  package let seed: UInt64
  package let start: Instant
  package let end: Instant
  /// In order of cause, then name.
  package let accounts: [Account]

  /// In the catalogue's company: cases and decoys.
  package let exhibits: [Shown]

  /// An account of the catalogue's company.
  package struct Shown: Hashable, Sendable {
    package let rule: String
    package let isDecoy: Bool
    package let words: String
    package let account: String
  }

  /// In the company of expansions: what each account's case must come to.
  package let expansions: [Expansion]

  /// An account of the company of expansions.
  package struct Expansion: Hashable, Sendable {
    package let verdict: String
    package let before: [String]
    package let words: String
    package let account: String
  }

  package var story: Account? { accounts.first { $0.cause == .story } }
}

extension GroundTruth {
  init(options: SimulationOptions, start: Instant, end: Instant, scripts: [Script]) {
    self.seed = options.seed
    self.start = start
    self.end = end
    exhibits = scripts.compactMap { script in
      script.part.place.map { place in
        Shown(
          rule: place.exhibit.rule, isDecoy: place.isDecoy, words: place.isDecoy ? place.exhibit.decoyWords : place.exhibit.caseWords,
          account: script.identity.name)
      }
    }
    expansions = scripts.compactMap { script in
      script.part.expansion.map { number in
        let planted = PlantedExpansion.all[number]
        return Expansion(verdict: planted.verdict, before: planted.before, words: planted.words, account: script.identity.name)
      }
    }
    let order = Cause.allCases
    accounts = scripts.filter { $0.part.cause.isPlanted }.map { Account($0, end: end) }.sorted {
      let (a, b) = (order.firstIndex(of: $0.cause) ?? 0, order.firstIndex(of: $1.cause) ?? 0)
      return a == b ? $0.name < $1.name : a < b
    }
  }

  /// The content of the ground-truth file.
  package var json: JSON {
    [
      "seed": .text(String(seed)), "start": JSON(start), "end": JSON(end), "time_zone": .text(SimulatedCalendar.timeZone),
      "accounts": .list(accounts.map(\.json)),
    ]
  }
}

extension GroundTruth.Account {
  fileprivate init(_ script: Script, end: Instant) {
    cause = script.part.cause
    name = script.identity.name
    external = [
      "stripe": script.identity.stripe, "hubspot": script.identity.hubspot, "zendesk": String(script.identity.zendesk),
      "posthog": script.identity.posthog,
    ]
    rule = cause.expectedRule
    isDecoy = cause.isDecoy
    dates = script.dates.filter { $0.value < end }
    newFeatures = script.features.map(\.rawValue)
    purchases = script.purchases.map { "\($0.seats) × \($0.plan.name)" }
  }

  package var json: JSON {
    [
      "cause": .text(cause.rawValue), "account": .text(name), "external": .object(external.mapValues { .text($0) }), "rule": JSON(rule),
      "decoy": .flag(isDecoy), "dates": .object(dates.mapValues { JSON($0) }), "new_features": .list(newFeatures.map { .text($0) }),
      "purchases": .list(purchases.map { .text($0) }),
    ]
  }
}
