import Events
import Simulation
import Testing

@Suite struct WorldTests {
  @Test func volumeIsModerateForSixtyAccounts() {
    let count = Worlds.standard.world.usageCount
    #expect((250_000...350_000).contains(count), "\(count) usage events")
  }

  @Test func aSeedGivesTheSameBytes() throws {
    let options = SimulationOptions(seed: 11, accounts: 24)
    let (a, b) = (Worlds.small, VendorWorld(SimulatedWorld(options)))
    #expect(a.world.truth == b.world.truth)
    let now = a.world.start + .days(200)
    for target in ["/v1/events?limit=100", "/v1/invoices?limit=100", "/v1/subscriptions?status=all&limit=100"] {
      let pages = [a, b].map { vendors in
        vendors.respond(
          VendorRequest(vendor: .stripe, target: target, authorization: VendorCredentials.authorization(for: .stripe)), now: now
        ).body
      }
      #expect(pages[0] == pages[1])
      #expect(pages[0].count > 10_000)
    }
    let rows = try [a, b].map { try Walk(vendors: $0, now: now).posthog(from: now - .days(40), through: now).map(\.json) }
    #expect(rows[0] == rows[1])
  }

  @Test func anotherSeedGivesOtherNamesDatesAndSizes() throws {
    let truths = try (1...5).map { seed in
      try #require(SimulatedWorld(SimulationOptions(seed: seed, accounts: 24)).truth.story)
    }
    #expect(Set(truths.map(\.name)).count == 5)
    #expect(Set(truths.map { $0.dates["upgrade_at"] }).count == 5)
    #expect(Set(truths.map(\.purchases)).count > 1)
  }

  @Test(arguments: Cause.allCases.filter(\.isPlanted)) func anAccountIsTheSameWithoutTheOthers(_ cause: Cause) {
    let whole = Worlds.small.world
    let part = SimulatedWorld(whole.options, only: [cause])
    #expect(part.truth.accounts == whole.truth.accounts.filter { $0.cause == cause })
    #expect(!part.truth.accounts.isEmpty && part.usageCount > 1000)
  }

  @Test func everyCauseIsPlantedAndSomeLossesHaveNoSign() {
    let truth = Worlds.standard.world.truth
    #expect(Set(truth.accounts.map(\.cause)) == Set(Cause.allCases.filter(\.isPlanted)))
    let losses = truth.accounts.filter { $0.dates["churned_at"] != nil }
    let silent = losses.filter { $0.cause == .silentLoss }
    #expect(losses.count >= 8)
    #expect((10...22).contains(silent.count * 100 / losses.count), "\(silent.count) of \(losses.count)")
    for loss in losses {
      guard let signal = loss.dates["signal_at"], let end = loss.dates["churned_at"] else { continue }
      #expect(signal < end, "\(loss.name)")
    }
  }

  @Test func theTruthIsWrittenAsJSON() throws {
    let truth = Worlds.small.world.truth
    let json = try JSON(parsing: truth.json.serialized())
    #expect(json == truth.json)
    #expect(json["accounts"][0]["cause"].text == "story")
    #expect(json["accounts"][0]["dates"]["upgrade_at"].text.flatMap(Instant.init(iso8601:)) == truth.story?.dates["upgrade_at"])
  }

  @Test(arguments: [1, 23, 60, 20_000]) func accountsAreClamped(_ accounts: Int) {
    let options = SimulationOptions(accounts: accounts)
    #expect(SimulationOptions.accountLimits.contains(options.accounts))
  }
}
