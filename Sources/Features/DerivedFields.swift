package import Events

/// Fields no source tells but that follow from what several versions or records say together; rules read them like any other field.
package enum DerivedField: String, CaseIterable, Sendable {
  case ticketCameBack = "came_back"
  case ticketCameBackAt = "came_back_at"
  case invoiceLate = "late"
  case invoiceOpen = "open"
  case invoiceMetered = "metered"
  case paymentRecovered = "recovered"
  case contactGone = "gone"
  case contactGoneAt = "gone_at"
  case engagementPersonal = "personal"
  case engagementAnswered = "answered"
  case engagementAnsweredAt = "answered_at"
  case engagementReplyTime = "reply_time"

  package var kind: Kind {
    switch self {
    case .ticketCameBack, .ticketCameBackAt: .ticket
    case .invoiceLate, .invoiceOpen, .invoiceMetered: .invoice
    case .paymentRecovered: .payment
    case .contactGone, .contactGoneAt: .contact
    case .engagementPersonal, .engagementAnswered, .engagementAnsweredAt, .engagementReplyTime: .engagement
    }
  }
}

extension EntityHistory {
  /// A derived field of a row; nil where it has no value (`came_back_at` of a ticket that stayed solved).
  ///
  /// - Parameters:
  ///   - held: bulk edits, whose word of departures counts for nothing.
  ///   - names: how people call the features, for tickets that tell no topic.
  package func derived(_ field: DerivedField, of row: EntityRow, held: HeldEdits = .none, names: FeatureNames = .none) -> DerivedValue? {
    switch field {
    case .ticketCameBack: .flag(cameBackAt(row, names) != nil)
    case .ticketCameBackAt: cameBackAt(row, names).map(DerivedValue.instant)
    case .invoiceLate: .span(row.lateness)
    case .invoiceOpen: .flag(row.isOpenInvoice)
    case .invoiceMetered: row["lines"]?.list.map { .money($0.reduce(0) { $0 + $1.meteredAmount }) }
    case .paymentRecovered: .flag(isRecovered(row))
    case .contactGone: .flag(leftAt(row, held) != nil)
    case .contactGoneAt: leftAt(row, held).map(DerivedValue.instant)
    case .engagementPersonal: .flag(row.isPersonalOutreach)
    case .engagementAnswered: .flag(answeredAt(row) != nil)
    case .engagementAnsweredAt: answeredAt(row).map(DerivedValue.instant)
    case .engagementReplyTime: answeredAt(row).map { .span($0 - row.timelineInstant) }
    }
  }

  /// How long after being solved a ticket may come back and still count as never solved.
  package static let comeBackWindow = Span.days(30)

  /// When an escalated ticket that had been marked solved came back: reopened, or filed again on the same topic.
  private func cameBackAt(_ ticket: EntityRow, _ names: FeatureNames) -> Instant? {
    guard ticket.versions.contains(where: { $0.fields["escalated"]?.flag == true }) else { return nil }
    var solvedAt: Instant?
    var reopens: Int64 = 0
    for version in ticket.versions {
      let isSoonEnough = solvedAt.map { version.at - $0 <= Self.comeBackWindow }
      let count = version.fields["reopens"]?.integer ?? 0
      // A count that was never seen lower may stem from before the first poll: then the solve is unknown, not missing.
      if count > reopens {
        if isSoonEnough ?? true { return version.at }
        solvedAt = nil
        reopens = count
      }
      switch version.fields["status"]?.text {
      case nil: continue
      case "solved", "closed": solvedAt = solvedAt ?? version.fields["solved_at"]?.instant ?? version.at
      case "merged", "deleted": solvedAt = nil
      default:
        if isSoonEnough == true { return version.at }
        solvedAt = nil
      }
    }
    guard let solvedAt else { return nil }
    return rows(.ticket, asOf: ticket.asOf, after: solvedAt)
      .filter { $0.timelineInstant > solvedAt && $0.timelineInstant - solvedAt <= Self.comeBackWindow }
      .filter { $0.id != ticket.id && !["merged", "deleted"].contains($0["status"]?.text) && isAboutTheSame(ticket, $0, names) }
      .map(\.timelineInstant).min()
  }

  /// Whether two tickets have the same topic, else the same first tag that says something; where one of them has neither, whether both name
  /// the same feature.
  private func isAboutTheSame(_ a: EntityRow, _ b: EntityRow, _ names: FeatureNames) -> Bool {
    if let matter = a.subjectMatter, let other = b.subjectMatter { return matter == other }
    let named = names.named(in: a.ownWords)
    return !named.isEmpty && !Set(names.named(in: b.ownWords)).isDisjoint(with: named)
  }

  /// Whether a failed charge's invoice was paid later, or a later charge for it went through.
  private func isRecovered(_ payment: EntityRow) -> Bool {
    guard payment["status"]?.text == "failed", let invoiceID = payment["invoice"]?.text else { return false }
    if let invoice = row(.invoice, id: invoiceID, asOf: payment.asOf), invoice["status"]?.text == "paid" || invoice["paid_at"] != nil {
      return true
    }
    return rows(.payment, asOf: payment.asOf).contains {
      $0["invoice"]?.text == invoiceID && $0["status"]?.text == "succeeded" && $0.timelineInstant > payment.timelineInstant
    }
  }
}

/// The value of a derived field.
package enum DerivedValue: Hashable, Sendable {
  case flag(Bool)
  case instant(Instant)
  case span(Span)
  /// Minor units.
  case money(Int64)
}

extension Value {
  /// What a line of an invoice bills for metered use.
  fileprivate var meteredAmount: Int64 { self["type"]?.text == "metered" ? self["amount"]?.integer ?? 0 : 0 }
}

extension EntityRow {
  /// What a ticket is about: its topic, else its first tag that says more than that it was escalated.
  var subjectMatter: String? {
    self["topic"]?.text ?? self["tags"]?.list?.compactMap(\.text).first { !$0.lowercased().hasPrefix("escalat") }
  }

  /// What a person wrote in a ticket.
  fileprivate var ownWords: String { [self["subject"]?.text, self["body"]?.text].compactMap { $0 }.joined(separator: "\n") }

  var isOpenInvoice: Bool { self["paid_at"] == nil && self["status"]?.text == "open" }

  /// How long past its due date an invoice was paid, or stands unpaid; never negative.
  var lateness: Span {
    guard let due = self["due_at"]?.instant else { return Span(microseconds: 0) }
    if let paid = self["paid_at"]?.instant { return max(paid - due, Span(microseconds: 0)) }
    return isOpenInvoice ? max(asOf - due, Span(microseconds: 0)) : Span(microseconds: 0)
  }

  /// When a contact left: so marked, or moved to another company or e-mail domain; nil where a bulk edit says so that is held.
  func goneAt(_ held: HeldEdits) -> Instant? { goneAt.flatMap { held.holds(system, $0) ? nil : $0 } }

  /// The same, held or not: what the records tell.
  var goneAt: Instant? {
    let domain = versions.lazy.compactMap(\.emailDomain).first
    let company = versions.lazy.compactMap { $0.fields["company"]?.text }.first
    let hasLeft = { (version: EntityVersion) in
      version.fields["status"]?.text == "left" || (domain != nil && version.emailDomain != nil && version.emailDomain != domain)
        || (company != nil && version.fields["company"]?.text != nil && version.fields["company"]?.text != company)
    }
    guard hasLeft(current) else { return nil }
    var at = current.at
    for version in versions.reversed() {
      guard hasLeft(version) else { break }
      at = version.at
    }
    return at
  }
}

extension EntityVersion {
  package var emailDomain: String? {
    guard let email = fields["email"]?.text, let sign = email.lastIndex(of: "@") else { return nil }
    return email[email.index(after: sign)...].lowercased()
  }
}
