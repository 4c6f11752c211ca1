/// What was planted in an account.
package enum Cause: String, CaseIterable, Sendable {
  case story
  case apiCollapse = "api_collapse"
  case championLeft = "champion_left"
  case championSilent = "champion_silent"
  case falseResolution = "false_resolution"
  case paymentTrouble = "payment_trouble"
  case seatReduction = "seat_reduction"
  case cancelScheduled = "cancel_scheduled"
  case nearCapacity = "near_capacity"
  case healthyGrower = "healthy_grower"
  /// Leaves without a sign in any feed.
  case silentLoss = "silent_loss"
  /// The story's upgrade, whose features stay in use.
  case storyTwin = "story_twin"
  /// Everybody is away for two weeks.
  case holidayDip = "holiday_dip"
  /// The champion left and a successor was entered within minutes.
  case championReplaced = "champion_replaced"
  /// Has always paid a week late.
  case latePayer = "late_payer"
  /// Escalates often, and each time the solution holds.
  case ticketHeavy = "ticket_heavy"
  case newCustomer = "new_customer"
  case quiet

  /// Looks like trouble and is none.
  package var isDecoy: Bool {
    switch self {
    case .storyTwin, .holidayDip, .championReplaced, .latePayer, .ticketHeavy: true
    default: false
    }
  }

  /// Whether the ground truth lists the account: everything but the ordinary ones.
  package var isPlanted: Bool { self != .quiet && self != .newCustomer }

  /// The rule that should see it; nil where none should fire or none can.
  package var expectedRule: String? {
    switch self {
    case .story: "expansion_use_abandoned"
    case .apiCollapse: "api_usage_collapse"
    case .championLeft: "champion_left"
    case .championSilent: "champion_silent"
    case .falseResolution: "false_resolution"
    case .paymentTrouble: "payment_trouble"
    case .seatReduction: "seat_reduction"
    case .cancelScheduled: "cancel_scheduled"
    case .nearCapacity: "near_capacity"
    default: nil
    }
  }

  /// How many of sixty accounts get the cause beyond the first of each; the rest are quiet.
  private var extrasPerSixty: Int {
    switch self {
    case .apiCollapse, .championLeft, .falseResolution, .newCustomer: 2
    case .championSilent, .paymentTrouble, .seatReduction, .cancelScheduled, .nearCapacity, .healthyGrower, .silentLoss: 1
    default: 0
    }
  }
}

extension Cause {
  /// A part in the play: the cause and which of its kind it is, from 0; even ones may end otherwise than odd ones.
  struct Part: Hashable {
    let cause: Cause
    let variant: Int
    /// What the account shows in the catalogue's company.
    var place: Exhibit.Place?
    /// The place of its expansion among `PlantedExpansion.all`.
    var expansion: Int?
  }

  /// The part of each account, by index. There is one story and one twin however many accounts there are.
  static func cast(seed: UInt64, accounts: Int) -> [Part] {
    var parts = allCases.filter { $0 != .quiet }.map { Part(cause: $0, variant: 0) }
    for cause in allCases {
      for extra in 0..<(cause.extrasPerSixty * accounts / 60) { parts.append(Part(cause: cause, variant: extra + 1)) }
    }
    while parts.count < accounts { parts.append(Part(cause: .quiet, variant: parts.count)) }
    var chance = Chance(seed, Purpose.cast.rawValue)
    return chance.shuffled(Array(parts.prefix(accounts)))
  }
}
