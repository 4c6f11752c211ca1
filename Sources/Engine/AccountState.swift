package import Events
package import Features
package import Revenue
package import Rules

/// All the engine remembers of one account; with the company's facts it decides every rule.
package struct AccountState: Sendable {
  package let key: AccountKey
  package internal(set) var usage = UsageHistory()
  package internal(set) var entities = EntityHistory()
  package internal(set) var cases: [ExpansionCase] = []
  /// The latest episode of each rule and subject that ever had one, by rule and case number.
  package internal(set) var episodes: [Episode] = []
  /// The last score written, to see what changed.
  package internal(set) var score: JSON = .null
  /// What the last notice said, for "what changed since".
  var lastNotice: LastNotice?
  /// Set when the account stopped paying; from then on it is frozen.
  package internal(set) var churnedOn: Day?
  /// Follows from `entities`; rebuilt when a subscription changes, never stored.
  package internal(set) var ledger: Ledger

  /// What a person was last told of an account.
  struct LastNotice: Hashable, Sendable {
    let on: Day
    /// Milli-points.
    let risk: Int64
    let firing: [String]
  }

  init(key: AccountKey, ledger: Ledger) {
    self.key = key
    self.ledger = ledger
  }

  /// Whether no record is the account's, or none any more.
  package var isEmpty: Bool { usage.isEmpty && Kind.allCases.allSatisfy { entities.timelines(of: $0).isEmpty } }

  /// What rules may know of it.
  package var facts: AccountFacts { AccountFacts(key: key, usage: usage, entities: entities, ledger: ledger) }
}

/// A rule's latest episode for a subject.
package struct Episode: Hashable, Sendable {
  package let rule: String
  /// 0 where the subject is the account itself.
  package let caseNumber: Int
  package internal(set) var number: Int
  package internal(set) var state: FindingState
  /// When it became pending, fired, or resolved.
  package internal(set) var since: Instant
  package internal(set) var firedAt: Instant?
  package internal(set) var level: String
  /// Reference values as they stood at opening.
  package internal(set) var frozen: [String: Fixed]
  /// Points when it resolved, from which they fade.
  package internal(set) var fadingFrom: Int
  /// Closed as the new normal: the condition must first have been false before it may open again.
  package internal(set) var isSpent: Bool

  func isOf(_ rule: String, _ caseNumber: Int) -> Bool { self.rule == rule && self.caseNumber == caseNumber }

  package func subject(of account: AccountKey) -> Subject { caseNumber == 0 ? .account(account) : .expansionCase(account, caseNumber) }

  package func id(of account: AccountKey) -> FindingID { FindingID(rule: rule, subject: subject(of: account), episode: number) }
}

extension AccountState {
  package var json: JSON {
    var members: [String: JSON] = [
      "usage": usage.json, "entities": entities.json, "cases": .list(cases.map(\.json)), "episodes": .list(episodes.map(\.json)),
      "score": score, "churned_on": JSON(churnedOn),
    ]
    if let lastNotice { members["last_notice"] = lastNotice.json }
    return .object(members)
  }

  /// Nil if the text was not written by `json`.
  init?(key: AccountKey, json: JSON, ledger: (EntityHistory) -> Ledger) {
    guard let usage = UsageHistory(json: json["usage"]), let entities = EntityHistory(json: json["entities"]),
      let cases = json["cases"].list, let episodes = json["episodes"].list
    else { return nil }
    self.init(key: key, ledger: ledger(entities))
    self.usage = usage
    self.entities = entities
    self.cases = cases.compactMap(ExpansionCase.init)
    self.episodes = episodes.compactMap(Episode.init)
    guard self.cases.count == cases.count, self.episodes.count == episodes.count else { return nil }
    score = json["score"]
    churnedOn = json["churned_on"].text.flatMap { Day($0) }
    lastNotice = LastNotice(json: json["last_notice"])
  }
}

extension AccountState.LastNotice {
  var json: JSON { ["on": JSON(on), "risk": JSON(risk), "firing": .list(firing.map(JSON.text))] }

  init?(json: JSON) {
    guard let on = json["on"].text.flatMap({ Day($0) }), let risk = json["risk"].integer, let firing = json["firing"].list else {
      return nil
    }
    self.init(on: on, risk: risk, firing: firing.compactMap(\.text))
  }
}

extension Episode {
  var json: JSON {
    [
      "rule": .text(rule), "case": JSON(caseNumber), "number": JSON(number), "state": .text(state.rawValue),
      "since": JSON(since.microseconds), "fired_at": firedAt.map { JSON($0.microseconds) } ?? .null, "level": .text(level),
      "frozen": .object(frozen.mapValues { JSON($0.millionths) }), "fading_from": JSON(fadingFrom), "spent": .flag(isSpent),
    ]
  }

  init?(json: JSON) {
    guard let rule = json["rule"].text, let caseNumber = json["case"].integer, let number = json["number"].integer,
      let state = json["state"].text.flatMap(FindingState.init), let since = json["since"].integer, let level = json["level"].text,
      let frozen = json["frozen"].object, let fadingFrom = json["fading_from"].integer
    else { return nil }
    self.rule = rule
    self.caseNumber = Int(caseNumber)
    self.number = Int(number)
    self.state = state
    self.since = Instant(microseconds: since)
    self.firedAt = json["fired_at"].integer.map { Instant(microseconds: $0) }
    self.level = level
    self.frozen = frozen.compactMapValues { $0.integer.map { Fixed(millionths: $0) } }
    self.fadingFrom = Int(fadingFrom)
    isSpent = json["spent"].flag ?? false
  }
}
