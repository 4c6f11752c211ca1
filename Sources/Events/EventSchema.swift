/// What the fields of each kind hold. The import format, the connectors' mappings and the rule language are all checked against it.
package enum EventSchema {
  /// The type of a field's value.
  package indirect enum FieldType: Hashable, Sendable {
    case text
    case integer
    /// A decimal number of at most six places.
    case number
    /// Minor units of a currency, a whole number.
    case money
    /// A price in minor units, an exact decimal.
    case price
    case flag
    case instant
    case choice([String])
    case list(FieldType)
    case object([Field])
    /// Free names to texts, such as `external`: system → id.
    case names
  }

  /// A field of a kind.
  package struct Field: Hashable, Sendable {
    package let name: String
    package let type: FieldType
  }

  /// The fields of a kind, in documented order.
  package static func fields(of kind: Kind) -> [Field] {
    switch kind {
    case .account: account
    case .contact: contact
    case .opportunity: opportunity
    case .engagement: engagement
    case .pulse: pulse
    case .subscription: subscription
    case .invoice: invoice
    case .payment: payment
    case .ticket: ticket
    case .survey: survey
    case .usage: usage
    case .intent: intent
    case .enrichment: enrichment
    }
  }

  /// The fields of a kind that hold names, addresses or a person's own words; they are stored apart, so that they can be erased.
  package static func personalFields(of kind: Kind) -> Set<String> {
    switch kind {
    case .account: ["owner"]
    case .contact: ["name", "email"]
    case .ticket: ["subject", "body"]
    case .engagement: ["text"]
    case .survey: ["comment"]
    case .opportunity, .pulse, .subscription, .invoice, .payment, .usage, .intent, .enrichment: []
    }
  }

  package static func field(_ name: String, of kind: Kind) -> Field? { fields(of: kind).first { $0.name == name } }

  private static func make(_ pairs: KeyValuePairs<String, FieldType>) -> [Field] { pairs.map { Field(name: $0.key, type: $0.value) } }

  private static let account = make([
    "name": .text, "domain": .text, "segment": .text, "industry": .text, "region": .text, "channel": .text, "parent": .text,
    "status": .choice(["prospect", "customer", "churned"]), "owner": .object(make(["name": .text, "email": .text])), "ae": .text,
    "contract": .object(
      make([
        "start": .instant, "end": .instant, "term": .choice(["monthly", "annual", "multi_year"]), "auto_renew": .flag,
        "notice_by": .instant,
      ])), "churn": .object(make(["at": .instant, "reason": .text, "type": .text])), "external": .names,
  ])
  private static let contact = make([
    "email": .text, "name": .text, "role": .choice(["champion", "decision_maker", "billing", "user"]), "title": .text,
    "department": .text, "company": .text, "status": .choice(["active", "left"]), "external": .names,
  ])
  private static let opportunity = make([
    "person": .text, "type": .choice(["new", "expansion", "renewal"]), "stage": .text, "amount": .money, "currency": .text,
    "origin": .choice(["customer", "csm"]), "product_line": .text, "expected_close": .instant, "closed_at": .instant, "won": .flag,
    "lost_reason": .text, "competitor": .text,
  ])
  private static let engagement = make([
    "person": .text, "direction": .choice(["outbound", "inbound"]), "channel": .text, "bulk": .flag, "in_reply_to": .text, "text": .text,
  ])
  private static let pulse = make([
    "person": .text, "level": .choice(["healthy", "watch", "at_risk", "high"]), "reason": .text, "expires_at": .instant,
  ])
  private static let subscription = make([
    "status": .choice(["trialing", "active", "past_due", "unpaid", "paused", "canceled"]),
    "items": .list(
      .object(
        make([
          "id": .text, "plan": .text, "quantity": .number, "unit_amount": .price, "currency": .text,
          "interval": .choice(["day", "week", "month", "year"]), "interval_count": .integer, "metered": .flag,
        ]))), "discounts": .list(.object(make(["percent": .number, "amount": .money, "ends_at": .instant]))), "started_at": .instant,
    "cancel_at": .instant, "ended_at": .instant, "changed_by": .text,
  ])
  private static let invoice = make([
    "status": .text, "total": .money, "currency": .text, "due_at": .instant, "paid_at": .instant,
    "lines": .list(
      .object(make(["amount": .money, "type": .choice(["recurring", "metered", "one_time", "proration", "tax", "credit"])]))),
  ])
  private static let payment = make([
    "invoice": .text, "status": .choice(["succeeded", "failed", "refunded"]), "amount": .money, "currency": .text,
  ])
  private static let ticket = make([
    "person": .text, "subject": .text, "body": .text,
    "type": .choice(["question", "incident", "problem", "task", "feature_request"]),
    "status": .choice(["new", "open", "pending", "hold", "solved", "closed", "merged", "deleted"]), "priority": .text, "escalated": .flag,
    "reopens": .integer, "topic": .text, "tags": .list(.text), "csat": .choice(["good", "bad"]), "opened_at": .instant,
    "solved_at": .instant,
  ])
  private static let survey = make(["person": .text, "metric": .choice(["nps", "csat"]), "score": .integer, "comment": .text])
  private static let usage = make(["person": .text, "name": .text, "quantity": .number, "team": .text])
  private static let intent = make(["domain": .text, "topic": .text, "page": .text, "competitor": .text])
  private static let enrichment = make([
    "person": .text, "event": .choice(["job_change", "funding", "acquisition", "layoff", "bankruptcy"]), "headcount": .integer,
    "openings": .integer, "company": .text, "title": .text, "department": .text,
  ])
}
