import Engine
import Events
import Features
import Foundation
import Rules
import Testing

/// What goes wrong with the telling raises nothing and resolves nothing, under all shipped rules.
///
/// Half a year of two dozen accounts, several times over, takes too long without optimisation: a debug build runs it where seeds are asked for.
@Suite(.enabled(if: accidentSeeds.isWanted)) struct NoFindingByAccidentTests {
  private struct Change: Hashable, CustomStringConvertible {
    let finding: String
    let to: FindingState
    var description: String { "\(finding) \(to)" }

    init(_ transition: Transition) {
      finding = "\(transition.finding.rule) \(transition.finding.subject) \(transition.finding.episode)"
      to = transition.to
    }
  }

  /// What was raised or resolved of accounts; what had not held for long enough to be raised is not resolved either.
  private func changes(_ company: SmallCompany) -> Set<Change> {
    Set(
      company.transitions.filter { $0.finding.subject.account != .none && $0.to != .pending && $0.reason != "not_held" }.map(Change.init))
  }

  @Test(arguments: accidentSeeds.range)
  func `an outage, silent hours, a renamed event and a fortnight's holiday raise and resolve nothing`(seed: UInt64) throws {
    var before = try SmallCompany(seed: seed, configuration: try SmallCompany.configuration())
    try before.live(0..<SmallCompany.disturbance)
    let raised = changes(before).filter { $0.to == .firing }.count
    #expect(raised >= 4, "there must be something that could be resolved")
    var undisturbed = before.branching(to: .none)
    try undisturbed.live(SmallCompany.disturbance..<SmallCompany.calm)
    for disturbance in [SmallCompany.Disturbance.staleFeed, .silentHours, .renamedFeature] {
      var company = before.branching(to: disturbance)
      try company.live(SmallCompany.disturbance..<SmallCompany.calm)
      let extra = changes(company).subtracting(changes(undisturbed))
      #expect(extra.isEmpty, "seed \(seed), \(disturbance)")
      #expect(company.notices.contains { $0.topic == Notice.ops }, "seed \(seed): ops hear of \(disturbance)")
    }
    try checkHoliday(seed)
  }

  /// A holiday stands in the calendar from the beginning.
  private func checkHoliday(_ seed: UInt64) throws {
    var before = try SmallCompany(seed: seed, configuration: try SmallCompany.configuration(hasHoliday: true))
    try before.live(0..<SmallCompany.disturbance)
    var undisturbed = before.branching(to: .none)
    try undisturbed.live(SmallCompany.disturbance..<SmallCompany.calm)
    var company = before.branching(to: .holiday)
    try company.live(SmallCompany.disturbance..<SmallCompany.calm)
    #expect(changes(company).subtracting(changes(undisturbed)).isEmpty, "seed \(seed), holiday")
  }

  @Test(arguments: accidentSeeds.range)
  func `a system that was never connected raises nothing`(seed: UInt64) throws {
    let configuration = try SmallCompany.configuration()
    var whole = try SmallCompany(seed: seed, configuration: configuration)
    try whole.live(0..<SmallCompany.disturbance)
    for disturbance in [SmallCompany.Disturbance.missingSupport, .missingCRM, .missingUsage] {
      var company = try SmallCompany(seed: seed, disturbance, configuration: configuration)
      try company.live(0..<SmallCompany.disturbance)
      let extra = changes(company).filter { $0.to == .firing }.subtracting(changes(whole))
      #expect(extra.isEmpty, "seed \(seed), \(disturbance)")
    }
  }

  @Test(arguments: [nil, 150] as [Int?])
  func `a usage that stays dead keeps its finding open until the level returns, or for ninety days`(recovery: Int?) throws {
    var company = try SmallCompany(seed: 1, configuration: try SmallCompany.configuration())
    company.recovery = recovery
    try company.live(0..<230)
    let own = company.transitions.filter { $0.finding.rule == "api_usage_collapse" && $0.finding.subject == .account(AccountKey(1)) }
    let fired = try #require(own.first { $0.to == .firing })
    let ended = try #require(own.first { $0.to == .resolved && $0.at > fired.at })
    if recovery == nil {
      #expect(ended.reason == "new_normal" && ended.at - fired.at >= .days(90) && ended.at - fired.at < .days(91))
    } else {
      #expect(ended.reason == "cleared" && ended.at > SmallCompany.instant(150, 0) && ended.at < SmallCompany.instant(175, 0))
    }
    #expect(!own.contains { $0.to == .firing && $0.at > ended.at })
  }
}

private let accidentSeeds = AccidentSeeds()

private struct AccidentSeeds {
  /// `make properties` runs twenty.
  let range: Range<UInt64>
  let isWanted: Bool

  init() {
    let asked = ProcessInfo.processInfo.environment["BELLWETHER_SEEDS"].flatMap(UInt64.init)
    range = 0..<(asked ?? 2)
    #if DEBUG
    isWanted = asked != nil
    #else
    isWanted = true
    #endif
  }
}
