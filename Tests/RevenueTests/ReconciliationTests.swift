import Events
import Revenue
import Testing

@Suite struct ReconciliationTests {
  /// 1000 a month from January, 1500 from July 2026.
  private let grown = statement([
    version(noon("2026-01-10"), [item("pro", 10, at: "100")]), version(noon("2026-07-01"), [item("pro", 15, at: "100")]),
  ])
  private let customer: CRMStanding = {
    var standing = CRMStanding()
    standing.isCustomer = true
    return standing
  }()

  private func deal(_ closedOn: String, _ amount: Int64?, _ type: String = "expansion", id: String = "d") -> WonDeal {
    WonDeal(id: id, closedOn: day(closedOn), amount: amount, type: type)
  }

  private func differences(
    _ deals: [WonDeal]?, _ standing: CRMStanding? = nil, of other: Statement? = nil, through last: String = "2026-12-31"
  ) -> [String] {
    Reconciliation.differences(other ?? grown, deals: deals, standing ?? customer, through: day(last)).map {
      "\($0.kind.rawValue) \($0.day) \($0.atStake)"
    }
  }

  private var first: WonDeal { deal("2026-01-08", 12_000, "new", id: "d0") }

  @Test func whatAgreesIsNotTold() {
    #expect(differences([first, deal("2026-06-20", 6_000)]).isEmpty)
    #expect(differences([first, deal("2026-06-20", nil)]).isEmpty)
    // Two per cent are rounding.
    #expect(differences([first, deal("2026-06-20", 6_120)]).isEmpty)
  }

  @Test(
    arguments: [
      (("2026-06-20", 6_200, "expansion"), ["amount 2026-07-01 200"]), (("2026-06-16", 6_000, "expansion"), ["date 2026-07-01 6000"]),
      (("2026-06-17", 6_000, "expansion"), []), (("2026-07-20", 6_000, "expansion"), ["date 2026-07-01 6000"]),
      (("2026-06-25", 6_000, "new"), ["kind 2026-07-01 6000"]),
      (("2026-05-17", 6_000, "expansion"), ["date 2026-07-01 6000"]),
      (("2026-05-16", 6_000, "expansion"), ["missing_in_billing 2026-05-16 6000", "missing_in_crm 2026-07-01 6000"]),
    ] as [((String, Int64, String), [String])])
  func amountDateAndKind(second: (String, Int64, String), found: [String]) {
    #expect(differences([first, deal(second.0, second.1, second.2)]) == found)
  }

  @Test func whatIsMissingOnEitherSide() {
    #expect(differences([first]) == ["missing_in_crm 2026-07-01 6000"])
    #expect(differences([first, deal("2026-06-20", 6_000), deal("2026-09-01", 900)]) == ["missing_in_billing 2026-09-01 900"])
    // Where no deals are known, none is missed.
    #expect(differences(nil).isEmpty)
    // What was sold before the first deal on record is in no list.
    #expect(differences([deal("2026-06-20", 6_000)]).isEmpty)
  }

  @Test func whatIsYoungIsNotMissedYet() {
    #expect(differences([first], through: "2026-08-15").isEmpty)
    #expect(differences([first], through: "2026-08-16") == ["missing_in_crm 2026-07-01 6000"])
    let sold = [first, deal("2026-06-20", 6_000), deal("2026-09-01", 900)]
    #expect(differences(sold, through: "2026-10-16").isEmpty && differences(sold, through: "2026-10-17").count == 1)
  }

  @Test func smallGainsNeedNoDeal() {
    let little = statement([
      version(noon("2026-01-10"), [item("pro", 100, at: "10")]), version(noon("2026-07-01"), [item("pro", 104, at: "10")]),
    ])
    #expect(differences([first], of: little).isEmpty)
    let enough = statement([
      version(noon("2026-01-10"), [item("pro", 100, at: "10")]), version(noon("2026-07-01"), [item("pro", 105, at: "10")]),
    ])
    #expect(differences([first], of: enough) == ["missing_in_crm 2026-07-01 600"])
  }

  @Test func aPriceOrAnExpiredCouponIsNoDeal() {
    let dearer = statement([
      version(noon("2026-01-10"), [item("pro", 10, at: "100")]), version(noon("2026-07-01"), [item("pro", 10, at: "150")]),
    ])
    #expect(differences([first], of: dearer).isEmpty)
  }

  @Test func aRenewalIsHeldAgainstWhatIsPaid() {
    #expect(differences([first, deal("2026-06-20", 6_000), deal("2026-12-01", 18_000, "renewal")]).isEmpty)
    #expect(differences([first, deal("2026-06-20", 6_000), deal("2026-12-01", 20_000, "renewal")]) == ["amount 2026-12-01 2000"])
  }

  @Test func standings() {
    var lost = CRMStanding()
    lost.churnedOn = day("2026-10-01")
    #expect(differences(nil, lost) == ["status 2026-10-01 18000"])
    #expect(differences(nil, CRMStanding()) == ["missing_in_crm 2026-01-10 18000"])
    var ended = customer
    ended.contractEnd = day("2026-11-30")
    ended.autoRenews = false
    #expect(differences(nil, ended) == ["date 2026-11-30 18000"])
    ended.autoRenews = true
    #expect(differences(nil, ended).isEmpty)

    let over = statement([
      version(noon("2026-01-10"), [item("pro", 10, at: "100")]), version(noon("2026-07-01"), [item()], status: "canceled"),
    ])
    #expect(differences(nil, lost, of: over) == ["date 2026-07-01 12000"])
    #expect(differences(nil, customer, of: over) == ["status 2026-07-01 12000"])
    lost.churnedOn = day("2026-07-15")
    #expect(differences(nil, lost, of: over).isEmpty)
    #expect(differences(nil, customer, of: over, through: "2026-07-15").isEmpty)
  }
}
