import Events
import Simulation

/// What the vendors told about a world by its end, read as a client reads it.
struct Portfolio {
  struct Use: Hashable {
    let account: String
    let person: String
    let event: String
    let at: Instant
    let day: Day
    let quantity: Int64
  }

  struct Ticket {
    let organization: String
    let topic: String
    let isEscalated: Bool
    let openedAt: Instant
    let solvedAt: Instant?
    let reopens: Int64
    let status: String
  }

  let calendar = SimulatedCalendar.calendar
  let world: SimulatedWorld
  /// Properties of companies and contacts.
  let companies: [JSON]
  let contacts: [JSON]
  let notes: [JSON]
  let tickets: [Ticket]
  let invoices: [JSON]
  let uses: [Use]

  init(_ vendors: VendorWorld, usageFrom: Instant? = nil, usageThrough: Instant? = nil) throws {
    world = vendors.world
    let walk = Walk(vendors: vendors, now: world.end)
    companies = try walk.hubspot("companies", properties: Self.companyProperties).elements("results").map { $0["properties"] }
    contacts = try walk.hubspot("contacts", properties: Self.contactProperties).elements("results").map { $0["properties"] }
    notes = try walk.hubspot("notes", properties: ["hs_note_body", "hs_timestamp", "associated_company_id"]).elements("results")
      .map { $0["properties"] }
    invoices = try walk.stripe("/v1/invoices").elements("data")
    tickets = try walk.zendesk(from: "start_time=0").pages.elements("tickets").map { ticket in
      let tags = ticket["tags"].list?.compactMap(\.text) ?? []
      return Ticket(
        organization: ticket["organization_id"].scalarText ?? "", topic: tags.first { $0.hasPrefix("topic_") } ?? "",
        isEscalated: tags.contains("escalated"), openedAt: try Self.instant(ticket["created_at"]),
        solvedAt: try? Self.instant(ticket["metric_set"]["solved_at"]), reopens: ticket["metric_set"]["reopens"].integer ?? 0,
        status: ticket["status"].text ?? "")
    }
    let calendar = SimulatedCalendar.calendar
    let rows = try walk.posthog(from: usageFrom ?? world.start - .days(130), through: usageThrough ?? world.end)
    uses = try rows.elements("results").map { row in
      let at = try Self.instant(row[3])
      return Use(
        account: row[4].text ?? "", person: row[2].text ?? "", event: row[1].text ?? "", at: at, day: calendar.day(of: at),
        quantity: row[5].integer ?? 1)
    }
  }

  struct NoInstant: Error {}

  static func instant(_ json: JSON) throws -> Instant {
    guard let instant = json.text.flatMap(Instant.init(iso8601:)) else { throw NoInstant() }
    return instant
  }

  private static let companyProperties = [
    "name", "lifecyclestage", "stripe_customer_id", "zendesk_organization_id", "product_group_id", "churned_at", "churn_reason",
    "contract_end",
  ]
  private static let contactProperties = [
    "email", "hs_buying_role", "associatedcompanyid", "hs_employment_change_detected_date", "zendesk_user_id",
  ]

  func contacts(of account: GroundTruth.Account) -> [JSON] {
    contacts.filter { $0["associatedcompanyid"].text == account.external["hubspot"] }
  }

  func tickets(of account: GroundTruth.Account) -> [Ticket] {
    tickets.filter { $0.organization == account.external["zendesk"] }.sorted { $0.openedAt < $1.openedAt }
  }

  func uses(of account: GroundTruth.Account) -> [Use] { uses.filter { $0.account == account.external["posthog"] } }

  func invoices(of account: GroundTruth.Account) -> [JSON] { invoices.filter { $0["customer"].text == account.external["stripe"] } }

  /// Escalated tickets that were solved and then reopened, or filed again on the same topic, within thirty days.
  func falseResolutions(_ tickets: [Ticket]) -> [Ticket] {
    tickets.filter { ticket in
      guard ticket.isEscalated, let solved = ticket.solvedAt else { return false }
      return ticket.reopens > 0
        || tickets.contains { $0.topic == ticket.topic && $0.openedAt > solved && $0.openedAt <= solved + .days(30) }
    }
  }
}

extension [Portfolio.Use] {
  /// Distinct persons and days.
  var personDays: Int { Set(map { "\($0.person) \($0.day)" }).count }
  /// What counts as use by people.
  var byPeople: [Portfolio.Use] { filter { !["api_call", "session_heartbeat", "seat_limit_reached"].contains($0.event) } }
  func on(_ days: ClosedRange<Day>) -> [Portfolio.Use] { filter { days.contains($0.day) } }
}
