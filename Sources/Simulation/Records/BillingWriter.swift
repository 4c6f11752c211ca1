import Events

/// Makes an account's invoices, charges and subscription versions from its script.
struct BillingWriter {
  private let script: Script
  private let options: SimulationOptions
  private let calendar = SimulatedCalendar.calendar
  private let periods: BillingPeriods
  private var chance: Chance
  private var billing: Billing
  /// Changes of the subscription's standing that failing charges bring.
  private var standings: [(at: Int64, status: String)] = []

  /// How far back invoices go.
  private static let historyMonths = 24
  /// Stripe's event list holds no more than this; events older than the start less this are never asked for.
  static let retention = Span.days(30)

  static func billing(of script: Script, options: SimulationOptions) -> Billing {
    var writer = BillingWriter(script, options)
    writer.writeInvoices()
    writer.writeSubscription()
    writer.writeEvents()
    return writer.billing
  }

  private init(_ script: Script, _ options: SimulationOptions) {
    self.script = script
    self.options = options
    periods = BillingPeriods(script, calendar)
    var chance = Chance(options.seed, Purpose.billing.rawValue, UInt64(script.identity.index))
    billing = Billing(subscriptionID: "sub_" + chance.identifier(length: 24), itemID: "si_" + chance.identifier(length: 14))
    self.chance = chance
  }

  private func purchase(at instant: Instant) -> Purchase { script.purchases.last { $0.at <= instant } ?? script.purchases[0] }
}

// MARK: - Invoices

extension BillingWriter {
  private mutating func writeInvoices() {
    let last = script.loss.map { calendar.day(of: $0.at) - 1 } ?? options.end
    let first = max(script.customerSince, options.start.adding(months: -Self.historyMonths))
    for start in periods.starts(from: first, through: last) {
      let bought = purchase(at: start)
      let period = periods.period(of: start)
      write(bought, cents: Int64(bought.seats) * bought.plan.unitAmount, at: start + .seconds(5), period: period, isProration: false)
    }
    for (before, after) in zip(script.purchases, script.purchases.dropFirst()) {
      let rise = Int64(after.seats) * after.plan.unitAmount - Int64(before.seats) * before.plan.unitAmount
      let period = periods.period(of: after.at)
      let rest = rise * (period.upperBound - after.at.seconds) / (period.upperBound - period.lowerBound)
      guard rest > 0 else { continue }
      write(after, cents: rest, at: after.at + .seconds(4), period: after.at.seconds..<period.upperBound, isProration: true)
    }
    billing.invoices.sort { $0.created < $1.created }
    for index in billing.invoices.indices { collect(index) }
  }

  private mutating func write(_ bought: Purchase, cents: Int64, at: Instant, period: Range<Int64>, isProration: Bool) {
    let created = at.seconds
    var due: Int64?
    if case .transfer = script.payment { due = created + 30 * 86_400 }
    let number = "\(script.identity.stripe.dropFirst(4).prefix(8).uppercased())-\(billing.invoices.count + 1)"
    let versions = [
      InvoiceVersion(at: created, status: "draft", paidAt: nil, attempts: 0, revision: 0),
      InvoiceVersion(at: created + 3600, status: "open", paidAt: nil, attempts: 0, revision: 1),
    ]
    billing.invoices.append(
      Invoice(
        id: "in_" + chance.identifier(length: 24), number: number, created: created, due: due, period: period, plan: bought.plan,
        seats: bought.seats, cents: cents, isProration: isProration, units: isProration ? 0 : units(before: at), versions: versions))
  }

  /// The units of the billing period that has just ended.
  private func units(before start: Instant) -> Int64 {
    guard let metered = script.metered else { return 0 }
    let period = periods.period(of: start - .days(1))
    var day = max(calendar.day(of: Instant(seconds: period.lowerBound)), options.firstUsageDay)
    let end = calendar.day(of: start)
    var units: Int64 = 0
    while day < end {
      units += Int64(metered.units(on: day, calendar))
      day = day + 1
    }
    return units
  }

  private mutating func collect(_ index: Int) {
    let invoice = billing.invoices[index]
    let open = invoice.created + 3600
    if case .transfer(let days) = script.payment, let due = invoice.due {
      pay(index, at: due + Int64(chance.int(days)) * 86_400 + Int64(chance.int(-20_000...20_000)))
      return
    }
    let day = calendar.day(of: Instant(seconds: invoice.created))
    if let failure = script.failures.first(where: { $0.from <= day && day < $0.from + 3 }) {
      // What is paid is not charged again.
      let attempts = [0, 3, 5, 7].map { Span.days($0) }.filter { $0 < failure.recoversAfter ?? .days(8) }
      fail(index, attempts: attempts.map { open + 10 + $0.microseconds / 1_000_000 }, recoversAfter: failure.recoversAfter)
    } else if chance.happens(permille: 25) {
      fail(index, attempts: [open + 10], recoversAfter: .hours(Int64(chance.int(18...40))))
    } else {
      pay(index, at: open + 12)
    }
  }

  private mutating func pay(_ index: Int, at: Int64) {
    let invoice = billing.invoices[index]
    charge(index, at: at - 2, hasSucceeded: true)
    let last = invoice.versions[invoice.versions.count - 1]
    billing.invoices[index].versions.append(
      InvoiceVersion(at: at, status: "paid", paidAt: at, attempts: last.attempts + 1, revision: last.revision + 1))
  }

  private mutating func charge(_ invoice: Int, at: Int64, hasSucceeded: Bool) {
    billing.charges.append(
      Charge(
        id: "ch_" + chance.identifier(length: 24), at: at, invoice: invoice, hasSucceeded: hasSucceeded,
        cents: billing.invoices[invoice].totalCents))
  }

  private mutating func fail(_ index: Int, attempts: [Int64], recoversAfter: Span?) {
    for (number, at) in attempts.enumerated() {
      charge(index, at: at, hasSucceeded: false)
      let last = billing.invoices[index].versions[billing.invoices[index].versions.count - 1]
      billing.invoices[index].versions.append(
        InvoiceVersion(at: at + 2, status: "open", paidAt: nil, attempts: number + 1, revision: last.revision))
    }
    standings.append((at: attempts[0] + 4, status: "past_due"))
    if let recoversAfter {
      let at = attempts[0] + recoversAfter.microseconds / 1_000_000
      pay(index, at: at)
      standings.append((at: at + 3, status: "active"))
    }
  }
}

// MARK: - Subscription

extension BillingWriter {
  private enum Change {
    case renewed
    case purchased(Purchase)
    case standing(String)
    case cancellationScheduled
    case ended
  }

  private mutating func writeSubscription() {
    let first = script.purchases[0]
    let firstPeriod = periods.period(of: first.at)
    var version = SubscriptionVersion(
      at: first.at.seconds, plan: first.plan, seats: first.seats, periodStart: firstPeriod.lowerBound, periodEnd: firstPeriod.upperBound)
    billing.subscription = [version]
    for (at, change) in changes() {
      let before = version
      version.at = max(at, before.at + 1)
      apply(change, to: &version)
      if !version.isSame(as: before) { version.revision += 1 }
      billing.subscription.append(version)
    }
  }

  private func changes() -> [(Int64, Change)] {
    let end = script.loss?.at ?? calendar.start(of: options.end)
    let lastRenewal = calendar.day(of: end) - 1
    var changes: [(Int64, Change)] = periods.starts(from: script.customerSince + 1, through: lastRenewal).map { ($0.seconds, .renewed) }
    changes += script.purchases.dropFirst().map { ($0.at.seconds, .purchased($0)) }
    changes += standings.filter { $0.at < end.seconds }.map { ($0.at, .standing($0.status)) }
    if let loss = script.loss {
      if let scheduled = loss.scheduledAt { changes.append((scheduled.seconds, .cancellationScheduled)) }
      changes.append((loss.at.seconds, .ended))
    }
    return changes.enumerated().sorted { ($0.element.0, $0.offset) < ($1.element.0, $1.offset) }.map(\.element)
  }

  private func apply(_ change: Change, to version: inout SubscriptionVersion) {
    switch change {
    case .renewed:
      let period = periods.period(of: Instant(seconds: version.at))
      (version.periodStart, version.periodEnd) = (period.lowerBound, period.upperBound)
    case .purchased(let purchase):
      (version.plan, version.seats) = (purchase.plan, purchase.seats)
    case .standing(let status):
      version.status = status
    case .cancellationScheduled:
      version.cancelsAtPeriodEnd = true
      version.canceledAt = version.at
    case .ended:
      version.status = "canceled"
      version.canceledAt = version.canceledAt ?? version.at
      version.endedAt = version.at
    }
  }

  private mutating func writeEvents() {
    let oldest = (calendar.start(of: options.start) - Self.retention - .days(2)).seconds
    var events: [(at: Int64, type: String, subject: StripeEvent.Subject)] = []
    for (index, version) in billing.subscription.enumerated() {
      let word = index == 0 ? "created" : version.endedAt == nil ? "updated" : "deleted"
      events.append((version.at, "customer.subscription.\(word)", .subscription(index)))
    }
    for (invoice, content) in billing.invoices.enumerated() {
      for (index, version) in content.versions.enumerated() {
        for type in Self.eventTypes(version) { events.append((version.at, type, .invoice(invoice, index))) }
      }
    }
    for (index, charge) in billing.charges.enumerated() {
      events.append((charge.at, charge.hasSucceeded ? "charge.succeeded" : "charge.failed", .charge(index)))
    }
    let kept = events.filter { $0.at >= oldest }.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
    billing.events = kept.map {
      StripeEvent(id: "evt_" + chance.identifier(length: 24), at: $0.element.at, type: $0.element.type, subject: $0.element.subject)
    }
  }

  private static func eventTypes(_ version: InvoiceVersion) -> [String] {
    switch version.status {
    case "draft": ["invoice.created"]
    case "paid": ["invoice.paid", "invoice.payment_succeeded"]
    default: [version.attempts == 0 ? "invoice.finalized" : "invoice.payment_failed"]
    }
  }
}

extension SubscriptionVersion {
  /// When the subscription is going to end by schedule.
  var cancelsAt: Int64? { cancelsAtPeriodEnd ? periodEnd : nil }

  /// Whether a feed would keep nothing new.
  func isSame(as other: SubscriptionVersion) -> Bool {
    plan == other.plan && seats == other.seats && status == other.status && cancelsAt == other.cancelsAt && endedAt == other.endedAt
  }
}
