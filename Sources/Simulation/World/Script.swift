import Events

/// What one customer does over the simulated time, before any vendor's records are made of it.
struct Script {
  var identity: Identity
  let part: Cause.Part
  var people: [Person]
  var customerSince: Day
  var purchases: [Purchase]
  var payment: PaymentHabit = .card
  var loss: Loss?
  var members: [Member] = []
  /// Spans on which everybody is less active than usual.
  var lulls: [Lull] = []
  var api: APIUse?
  /// Days on which the product says that the seats are taken.
  var seatLimitDays: [Day] = []
  /// Uses planned one by one, besides the members' habits.
  var plannedUses: [PlannedUse] = []
  var tickets: [PlannedTicket] = []
  var notes: [PlannedNote] = []
  /// From when on nobody of ours reaches out as a matter of routine.
  var untouchedFrom: Day?
  /// Who works in another team from a day on; the latest holds.
  var teams: [TeamChange] = []
  /// What surveys, intent and enrichment tell.
  var signals: [PlannedSignal] = []
  var contactChanges: [ContactChange] = []
  /// Who looks after the account from an instant on.
  var ownerChanges: [OwnerChange] = []
  /// Mails to and from a person at the customer.
  var mails: [PlannedMail] = []
  /// Companies that the CRM knows beside this one, and that buy nothing.
  var prospects: [PlannedProspect] = []
  /// Whether the CRM knows the account's key in the product's analytics.
  var isLinkedToUsage = true
  /// What is billed by the unit, beside the seats.
  var metered: MeteredUse?
  /// Persons entered in the CRM after the beginning.
  var lateContacts: [(person: Int, at: Instant)] = []
  var deals: [PlannedDeal] = []
  /// Charges that fail, by the first day on which it may happen.
  var failures: [PaymentFailure] = []
  /// Dates of the ground truth, by name.
  var dates: [String: Instant] = [:]
  /// Names for the ground truth: the abandoned features.
  var features: [ProductEvent] = []
}

/// A plan and number of seats from an instant on.
struct Purchase {
  let at: Instant
  let plan: Plan
  let seats: Int
}

/// How invoices are paid.
enum PaymentHabit: Equatable {
  /// Charged within two hours.
  case card
  /// Paid so many days after the due date, thirty days after issue; negative is early.
  case transfer(daysAfterDue: ClosedRange<Int>)
}

/// The end of a customer.
struct Loss {
  let at: Instant
  let reason: String
  /// When the end was announced by a scheduled cancellation.
  let scheduledAt: Instant?
}

/// Someone's habit of using the product.
struct Member {
  let person: Int
  var joins: Day
  /// The first day without use.
  var leaves: Day?
  /// Chance in thousandths of being active on an ordinary business day.
  var activity: Int
  var away: [ClosedRange<Day>] = []
  var features: [ProductEvent]
}

/// Thousandths of usual activity over some days.
struct Lull {
  let days: ClosedRange<Day>
  let people: Int
  let api: Int
}

/// Calls by an integration: a number per business day, from each day on.
struct APIUse {
  var levels: [(from: Day, callsPerDay: Int)]
}

/// Units that a workload takes on each business day, from each day on.
struct MeteredUse {
  var levels: [(from: Day, unitsPerDay: Int)]

  func units(on day: Day, _ calendar: CompanyCalendar) -> Int {
    calendar.isBusinessDay(day) ? levels.last { $0.from <= day }?.unitsPerDay ?? 0 : 0
  }
}

struct PlannedUse {
  let person: Int
  let day: Day
  let feature: ProductEvent
}

struct PlannedTicket {
  let openedAt: Instant
  let person: Int
  let topic: String
  let subject: String
  let body: String
  var type = "incident"
  var priority = "normal"
  var isEscalated = false
  let solvedAt: Instant
  /// When it was reopened; it then stays open.
  var reopenedAt: Instant?
  var csat: String?
}

struct TeamChange {
  let person: Int
  let from: Day
  let team: String
}

/// A record of a source that none of the four vendors is.
struct PlannedSignal {
  /// `survey intent enrichment`.
  let kind: Kind
  let at: Instant
  /// Index in the account's people.
  let person: Int?
  let fields: [String: JSON]
}

struct PlannedNote {
  let at: Instant
  let isInbound: Bool
  let text: String
}

struct PlannedMail {
  let at: Instant
  /// Index in the account's people.
  let person: Int
  let isInbound: Bool
  let subject: String
}

struct OwnerChange {
  let at: Instant
  let name: String
  let email: String
}

struct PlannedProspect {
  let name: String
  let domain: String
  let seller: String
  let enteredAt: Instant
}

/// A change to a contact in the CRM.
struct ContactChange {
  enum Change {
    case left
    case moved(company: String, domain: String)
    case title(String)
  }
  let at: Instant
  let person: Int
  let change: Change
}

struct PlannedDeal {
  let name: String
  /// `newbusiness existingbusiness renewal`.
  let type: String
  let opensAt: Instant
  let closesAt: Instant
  let amountCents: Int64
}

/// A run of failing charges on the first invoice due on or after a day.
struct PaymentFailure {
  let from: Day
  /// When the money comes after all, counted from the first attempt; nil for never.
  let recoversAfter: Span?
}
