import Events
import Revenue
import Testing

@Suite struct LossTests {
  private static let contractions: [(ContractionSigns, ContractionClass)] = [
    (ContractionSigns(), .intended),
    (ContractionSigns(hasFewerUnits: false), .repriced),
    (ContractionSigns(companyShrank: true), .downsized),
    // A lower price is no smaller company.
    (ContractionSigns(hasFewerUnits: false, companyShrank: true), .repriced),
    (ContractionSigns(wasTakenBack: true), .accidental),
    (ContractionSigns(followedFailedPayment: true, companyShrank: true), .accidental),
    (ContractionSigns(hasFewerUnits: false, wasTakenBack: true), .accidental),
    (ContractionSigns(wentToLinked: true), .consolidated),
    (ContractionSigns(wentToLinked: true, wasTakenBack: true, companyShrank: true), .consolidated),
  ]

  @Test(arguments: contractions.indices) func classifiesContractions(index: Int) {
    let (signs, expected) = Self.contractions[index]
    #expect(signs.contraction == expected)
  }

  @Test(
    arguments: [
      ([], false, .unknown), ([""], false, .unknown), (["Other"], false, .unknown), ([" N/A "], false, .unknown),
      (["unknown"], false, .unknown), (["not_given"], false, .unknown),
      (["Too expensive"], false, .preventable), (["missing_feature"], false, .preventable), (["Chose RivalSoft"], false, .preventable),
      (["other", "poor support"], false, .preventable),
      (["Bankruptcy"], false, .inevitable), (["company_acquired"], false, .inevitable), (["Out of Business"], false, .inevitable),
      (["Too expensive", "insolvency"], false, .inevitable),
      // What was reported of the company counts where nobody gave a reason, and where somebody gave another.
      ([], true, .inevitable), (["Too expensive"], true, .inevitable),
    ] as [([String], Bool, ChurnClass)])
  func classifiesChurn(reasons: [String], companyEnded: Bool, expected: ChurnClass) {
    #expect(ChurnSigns(reasons: reasons, companyEnded: companyEnded, endedOn: date(100)).churn == expected)
  }

  @Test(
    arguments: [
      (nil, 100, .awaited), (nil, 114, .awaited), (nil, 115, .unlogged), (100, 200, .onTime), (114, 200, .onTime), (115, 200, .loggedLate),
      (60, 200, .onTime),
    ] as [(Int?, Int, ChurnRecord)])
  func comparesTheCRMWithBilling(logged: Int?, today: Int, expected: ChurnRecord) {
    let signs = ChurnSigns(reasons: [], endedOn: date(100), loggedOn: logged.map { date($0) })
    #expect(signs.record(asOf: date(today)) == expected)
  }

  @Test func namesTheFirstReasonThatSaysAnything() {
    #expect(ChurnSigns(reasons: ["other", "No budget"], endedOn: date(1)).reason == "No budget")
    #expect(ChurnSigns(reasons: ["other"], endedOn: date(1)).reason == nil)
  }
}
