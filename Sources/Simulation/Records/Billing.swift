import Events

/// What billing knows of one account, every version of it. Times are whole seconds since 1970, as Stripe's are.
struct Billing {
  let subscriptionID: String
  let itemID: String
  var subscription: [SubscriptionVersion] = []
  var invoices: [Invoice] = []
  var charges: [Charge] = []
  /// In order of time.
  var events: [StripeEvent] = []
}

/// The subscription from an instant on.
struct SubscriptionVersion {
  var at: Int64
  var plan: Plan
  var seats: Int
  var status = "active"
  var cancelsAtPeriodEnd = false
  var canceledAt: Int64?
  var endedAt: Int64?
  var periodStart: Int64
  var periodEnd: Int64
  /// Counts the versions that differ in what a feed keeps.
  var revision: Int32 = 0
}

struct Invoice {
  let id: String
  let number: String
  let created: Int64
  let due: Int64?
  let period: Range<Int64>
  let plan: Plan
  let seats: Int
  /// For the seats.
  let cents: Int64
  let isProration: Bool
  /// What the period before took by the unit.
  var units: Int64 = 0
  var versions: [InvoiceVersion]
}

extension Invoice {
  var meteredCents: Int64 { units * MeteredPrice.centsPerUnit }
  var totalCents: Int64 { cents + meteredCents }
}

struct InvoiceVersion {
  let at: Int64
  /// `draft open paid`.
  let status: String
  let paidAt: Int64?
  let attempts: Int
  let revision: Int32
}

struct Charge {
  let id: String
  let at: Int64
  let invoice: Int
  let hasSucceeded: Bool
  let cents: Int64
}

struct StripeEvent {
  enum Subject {
    /// By version.
    case subscription(Int)
    /// By invoice and version.
    case invoice(Int, Int)
    case charge(Int)
  }
  let id: String
  let at: Int64
  let type: String
  let subject: Subject
}

/// When an account's billing periods begin.
struct BillingPeriods {
  private let since: Day
  private let timeOfDay: Span
  private let months: Int
  private let calendar: CompanyCalendar

  init(_ script: Script, _ calendar: CompanyCalendar) {
    since = script.customerSince
    timeOfDay = script.purchases[0].at - calendar.start(of: script.customerSince)
    months = script.purchases[0].plan.intervalMonths
    self.calendar = calendar
  }

  func start(_ number: Int) -> Instant { calendar.start(of: since.adding(months: number * months)) + timeOfDay }

  /// Starts of the periods that begin from one day through another.
  func starts(from first: Day, through last: Day) -> [Instant] {
    guard first <= last, since <= last else { return [] }
    let count = (last - since) / (28 * months) + 1
    return (0...count).filter { (first...last).contains(since.adding(months: $0 * months)) }.map(start)
  }

  /// Start and end of the period that holds an instant.
  func period(of instant: Instant) -> Range<Int64> {
    var number = 0
    while start(number + 1) <= instant { number += 1 }
    return start(number).seconds..<start(number + 1).seconds
  }
}
