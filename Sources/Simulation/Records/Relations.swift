import Events

/// An object of the CRM with its versions; times are milliseconds since 1970, as HubSpot's are.
struct CRMObject {
  enum Kind: String, CaseIterable {
    case companies, contacts, deals, notes, emails, calls

    /// The property that holds the time of the last change.
    var modified: String { self == .contacts ? "lastmodifieddate" : "hs_lastmodifieddate" }
  }

  struct Version {
    let at: Int64
    let properties: [String: String]
  }

  let kind: Kind
  let id: Int64
  var versions: [Version]
}

/// Makes an account's CRM objects from its script.
struct RelationsWriter {
  private let script: Script
  private let options: SimulationOptions
  private let calendar = SimulatedCalendar.calendar
  private var chance: Chance
  private var objects: [CRMObject] = []

  static func objects(of script: Script, options: SimulationOptions) -> [CRMObject] {
    var writer = RelationsWriter(script, options)
    writer.writeCompany()
    for person in script.people { writer.writeContact(person) }
    writer.writeDeals()
    writer.writeNotes()
    writer.writeMails()
    writer.writeProspects()
    return writer.objects
  }

  private init(_ script: Script, _ options: SimulationOptions) {
    self.script = script
    self.options = options
    chance = Chance(options.seed, Purpose.relations.rawValue, UInt64(script.identity.index))
  }

  private func milliseconds(_ instant: Instant) -> Int64 { instant.microseconds / 1000 }

  private static func text(_ instant: Instant) -> String { HubSpotTime.text(instant.microseconds / 1000) }
}

// MARK: - Company

extension RelationsWriter {
  private mutating func writeCompany() {
    let signed = script.purchases[0].at - .hours(1)
    var properties = companyProperties()
    var end = script.customerSince.adding(months: 12)
    properties["contract_end"] = end.description
    properties["contract_notice_by"] = (end - 60).description
    var versions = [CRMObject.Version(at: milliseconds(signed), properties: properties)]
    let last = script.loss.map { calendar.day(of: $0.at) } ?? options.end
    while end < last {
      let renewed = calendar.start(of: end) + .hours(10)
      changeOwner(before: renewed, &properties, &versions)
      end = end.adding(months: 12)
      properties["contract_end"] = end.description
      properties["contract_notice_by"] = (end - 60).description
      versions.append(CRMObject.Version(at: milliseconds(renewed), properties: properties))
    }
    changeOwner(before: script.loss?.at ?? calendar.start(of: options.end), &properties, &versions)
    if let loss = script.loss {
      properties["lifecyclestage"] = "other"
      properties["churned_at"] = Self.text(loss.at)
      properties["churn_reason"] = loss.reason
      let logged = loss.at + .hours(Int64(chance.int(2...60)))
      versions.append(CRMObject.Version(at: milliseconds(logged), properties: properties))
    }
    objects.append(CRMObject(kind: .companies, id: Int64(script.identity.hubspot) ?? 0, versions: versions))
  }

  /// The changes of owner since the latest version.
  private func changeOwner(before limit: Instant, _ properties: inout [String: String], _ versions: inout [CRMObject.Version]) {
    let since = versions.last?.at ?? 0
    for owner in script.ownerChanges.sorted(by: { $0.at < $1.at }) where milliseconds(owner.at) > since && owner.at < limit {
      (properties["csm_name"], properties["csm_email"]) = (owner.name, owner.email)
      versions.append(CRMObject.Version(at: milliseconds(owner.at), properties: properties))
    }
  }

  private func companyProperties() -> [String: String] {
    let identity = script.identity
    let plan = script.purchases[0].plan
    var properties = [
      "name": identity.name, "domain": identity.domain, "industry": identity.industry, "segment": identity.segment,
      "region": identity.region, "lifecyclestage": "customer", "stripe_customer_id": identity.stripe,
      "zendesk_organization_id": String(identity.zendesk), "product_group_id": identity.posthog, "csm_name": identity.owner,
      "csm_email": identity.ownerEmail, "contract_start": script.customerSince.description,
      "contract_term": plan.isAnnual || plan.tier > .starter ? "annual" : "monthly", "contract_auto_renew": "true",
    ]
    if !script.isLinkedToUsage { properties["product_group_id"] = nil }
    return properties
  }
}

// MARK: - Contacts

extension RelationsWriter {
  private mutating func writeContact(_ person: Person) {
    let entered = entryOfContact(person)
    var properties = [
      "email": person.email, "firstname": person.firstName, "lastname": person.lastName, "jobtitle": person.title,
      "company": script.identity.name, "hs_buying_role": person.role.rawValue, "associatedcompanyid": script.identity.hubspot,
      "zendesk_user_id": String(person.zendesk),
    ]
    var versions = [CRMObject.Version(at: milliseconds(entered), properties: properties)]
    for change in script.contactChanges.filter({ $0.person == person.number && $0.at > entered }).sorted(by: { $0.at < $1.at }) {
      switch change.change {
      case .left: properties["hs_employment_change_detected_date"] = Self.text(change.at)
      case .moved(let company, let domain):
        properties["company"] = company
        properties["email"] = "\(person.email.prefix { $0 != "@" })@\(domain)"
      case .title(let title): properties["jobtitle"] = title
      }
      versions.append(CRMObject.Version(at: milliseconds(change.at), properties: properties))
    }
    objects.append(CRMObject(kind: .contacts, id: Int64(person.hubspot) ?? 0, versions: versions))
  }

  /// With the contract for those who were there then, else on the day they began.
  private mutating func entryOfContact(_ person: Person) -> Instant {
    let office = Span.seconds(Int64(chance.int(9 * 3600...17 * 3600)))
    let before = chance.int(2...40)
    if let late = script.lateContacts.first(where: { $0.person == person.number }) { return late.at }
    let joined = script.members.first { $0.person == person.number }?.joins ?? options.firstUsageDay
    if joined > options.firstUsageDay, joined > script.customerSince + 30 { return calendar.start(of: joined) + office }
    return calendar.start(of: script.customerSince - before) + office
  }
}

// MARK: - Deals and notes

extension RelationsWriter {
  private mutating func writeDeals() {
    for (number, deal) in script.deals.enumerated() {
      var properties = [
        "dealname": deal.name, "dealstage": "contractsent", "dealtype": deal.type, "amount": "\(deal.amountCents / 100).00",
        "deal_currency_code": "USD", "closedate": Self.text(deal.closesAt), "hs_is_closed_won": "false", "hs_is_closed_lost": "false",
        "hs_primary_associated_company": script.identity.hubspot,
      ]
      let opened = CRMObject.Version(at: milliseconds(deal.opensAt), properties: properties)
      properties["dealstage"] = "closedwon"
      properties["hs_is_closed_won"] = "true"
      let won = CRMObject.Version(at: milliseconds(deal.closesAt), properties: properties)
      let id = 70_000_000_000 + Int64(script.identity.index) * 1000 + Int64(number)
      objects.append(CRMObject(kind: .deals, id: id, versions: [opened, won]))
    }
  }

  private mutating func writeNotes() {
    for (number, note) in script.notes.sorted(by: { $0.at < $1.at }).enumerated() {
      let properties = [
        "hs_note_body": note.text, "hs_timestamp": Self.text(note.at), "associated_company_id": script.identity.hubspot,
        "direction": note.isInbound ? "INBOUND" : "OUTBOUND",
      ]
      let id = 80_000_000_000 + Int64(script.identity.index) * 1000 + Int64(number)
      objects.append(CRMObject(kind: .notes, id: id, versions: [CRMObject.Version(at: milliseconds(note.at), properties: properties)]))
    }
  }
}

extension RelationsWriter {
  private mutating func writeMails() {
    for (number, mail) in script.mails.sorted(by: { $0.at < $1.at }).enumerated() {
      let (ours, theirs) = (script.identity.ownerEmail, script.people[mail.person].email)
      let properties = [
        "hs_timestamp": Self.text(mail.at), "hs_email_direction": mail.isInbound ? "INCOMING_EMAIL" : "EMAIL", "hs_email_status": "SENT",
        "hs_email_subject": mail.subject, "hs_email_text": "Please see the subject.",
        "hs_email_from_email": mail.isInbound ? theirs : ours, "hs_email_to_email": mail.isInbound ? ours : theirs,
        "associated_company_id": script.identity.hubspot,
      ]
      let id = 90_000_000_000 + Int64(script.identity.index) * 1000 + Int64(number)
      objects.append(CRMObject(kind: .emails, id: id, versions: [CRMObject.Version(at: milliseconds(mail.at), properties: properties)]))
    }
  }

  private mutating func writeProspects() {
    for (number, prospect) in script.prospects.enumerated() {
      let properties = [
        "name": prospect.name, "domain": prospect.domain, "lifecyclestage": "opportunity", "ae_name": prospect.seller,
      ]
      let id = 8_000_000_000 + Int64(script.identity.index) * 1000 + Int64(number)
      let version = CRMObject.Version(at: milliseconds(prospect.enteredAt), properties: properties)
      objects.append(CRMObject(kind: .companies, id: id, versions: [version]))
    }
  }
}

/// HubSpot's way to write times.
enum HubSpotTime {
  /// `2025-03-01T09:30:00.120Z`.
  static func text(_ milliseconds: Int64) -> String {
    let whole = Instant(microseconds: milliseconds * 1000).seconds
    let rest = String(milliseconds - whole * 1000)
    let head = Instant(seconds: whole).iso8601.dropLast()
    return "\(head).\(String(repeating: "0", count: 3 - rest.count))\(rest)Z"
  }

  /// Reads epoch milliseconds or ISO 8601.
  static func milliseconds(_ text: String) -> Int64? {
    if let number = Int64(text) { return number }
    return Instant(iso8601: text).map { $0.microseconds / 1000 }
  }
}
