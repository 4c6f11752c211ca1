internal import Events
internal import Features
internal import Revenue

/// What expressions can speak of: the event schema, the derived fields, the scalars and the functions.
enum RuleSchema {
  /// The kinds whose rows can be aggregated.
  static let rowKinds: [Kind] = [
    .contact, .engagement, .enrichment, .intent, .invoice, .opportunity, .payment, .pulse, .subscription, .survey, .ticket,
  ]

  /// The kinds that hold what people wrote.
  static let textKinds: [Kind] = [.ticket, .engagement, .survey, .opportunity]

  /// The lexicon of a field that holds the phrases found: `mentions.competitors`.
  private static func mentioned(_ path: String) -> String? {
    path.hasPrefix("mentions.") ? String(path.dropFirst("mentions.".count)) : nil
  }

  static func rowKind(_ name: String) -> Kind? { Kind(rawValue: name).flatMap { rowKinds.contains($0) ? $0 : nil } }

  /// A field of a kind's rows with its type; nil if there is none that an expression can hold.
  static func field(_ path: String, of kind: Kind) -> (field: RowField, type: ExpressionType)? {
    if path == "age" { return (.age, .duration) }
    if path == "at" { return (.at, .instant) }
    if path == "day" { return (.day, .text) }
    if path == "sentiment", kind == .ticket { return (.sentiment, .number) }
    if path == "product_line", kind == .intent { return (.productLine, .text) }
    if path == "moved_to", kind == .contact { return (.movedTo, .text) }
    if path == "moved_to_ae", kind == .contact { return (.movedToSeller, .text) }
    if let lexicon = mentioned(path), textKinds.contains(kind) { return (.mentioned(lexicon: lexicon), .text) }
    if path == "source" { return (.source, .text) }
    if path == "business_days" { return (.businessDays, .number) }
    if path == "person.role", EventSchema.field("person", of: kind) != nil { return (.personRole, .choice(contactRoles)) }
    if path == "person" { return nil }
    if let derived = DerivedField(rawValue: path), derived.kind == kind { return (.derived(derived), type(of: derived)) }
    guard let field = EventSchema.field(path, of: kind), let type = ExpressionType(field.type) else { return nil }
    return (.stored(path), type)
  }

  /// The names of the fields of a kind's rows, for suggestions.
  static func fieldNames(of kind: Kind) -> [String] {
    let stored = EventSchema.fields(of: kind).filter { ExpressionType($0.type) != nil && $0.name != "person" }.map(\.name)
    return stored + DerivedField.allCases.filter { $0.kind == kind }.map(\.rawValue) + ["age", "at", "business_days", "day", "source"]
      + (kind == .ticket ? ["sentiment"] : []) + (kind == .intent ? ["product_line"] : [])
      + (kind == .contact ? ["moved_to", "moved_to_ae"] : [])
      + (EventSchema.field("person", of: kind) != nil ? ["person.role"] : [])
  }

  private static func type(of field: DerivedField) -> ExpressionType {
    switch field {
    case .ticketCameBack, .invoiceOpen, .paymentRecovered, .contactGone, .engagementPersonal, .engagementAnswered: .flag
    case .ticketCameBackAt, .contactGoneAt, .engagementAnsweredAt: .instant
    case .invoiceLate, .engagementReplyTime: .duration
    case .invoiceMetered: .money
    }
  }

  /// A field of the account record, nested ones by path: `contract.end`.
  static func accountField(_ path: [String]) -> ExpressionType? {
    var fields = EventSchema.fields(of: .account)
    for (index, name) in path.enumerated() {
      guard let field = fields.first(where: { $0.name == name }) else { return nil }
      if index == path.count - 1 { return ExpressionType(field.type) }
      guard case .object(let nested) = field.type else { return nil }
      fields = nested
    }
    return nil
  }

  /// The paths of all account fields an expression can read.
  static let accountFieldNames: [String] = EventSchema.fields(of: .account).flatMap { field -> [String] in
    if case .object(let nested) = field.type { return nested.map { "account.\(field.name).\($0.name)" } }
    return ExpressionType(field.type) == nil ? [] : ["account.\(field.name)"]
  }

  static let levels = ExpressionType.Choice(words: ["none", "context", "low", "medium", "high", "critical"], isOrdered: true)
  static let bands = ExpressionType.Choice(words: ["none", "watch", "at_risk", "high"], isOrdered: true)
  static let verdicts = ExpressionType.Choice(words: CaseVerdict.allCases.map(\.rawValue), isOrdered: false)
  static let origins = ExpressionType.Choice(words: CaseOrigin.allCases.map(\.rawValue), isOrdered: false)
  static let contactRoles = ExpressionType.Choice(words: ["champion", "decision_maker", "billing", "user"], isOrdered: false)
}

/// Where a row's value is found.
enum RowField: Hashable, Sendable {
  case stored(String)
  case derived(DerivedField)
  /// Time since the row's instant.
  case age
  /// The row's instant.
  case at
  /// The company day of the row's instant.
  case day
  /// How content a ticket sounds.
  case sentiment
  /// The product line that serves what is researched, where the account does not have it.
  case productLine
  /// The company of the CRM, no customer, at which a contact who left works now; and who sells to it.
  case movedTo, movedToSeller
  /// The system that told it.
  case source
  /// Complete business days since the row's own day.
  case businessDays
  /// The role of the contact whom the row's person is.
  case personRole
  /// The phrases of a lexicon that the row's texts hold.
  case mentioned(lexicon: String)

  var name: String {
    switch self {
    case .stored(let name): name
    case .derived(let field): field.rawValue
    case .age: "age"
    case .at: "at"
    case .day: "day"
    case .sentiment: "sentiment"
    case .productLine: "product_line"
    case .movedTo: "moved_to"
    case .movedToSeller: "moved_to_ae"
    case .source: "source"
    case .businessDays: "business_days"
    case .personRole: "person.role"
    case .mentioned(let lexicon): "mentions.\(lexicon)"
    }
  }
}

/// A value of the account that stands by itself.
enum Scalar: String, CaseIterable, Sendable {
  case seats
  case mrr
  case accountAge = "account.age"
  case noticeIn = "account.notice_in"
  case planElastic = "plan.elastic"
  case caseOpen = "case.open"
  case caseAge = "case.age"
  case caseFeatures = "case.features"
  case caseVerdict = "case.verdict"
  case caseOpened = "case.opened"
  case caseSeats = "case.seats"
  case caseSeatsBefore = "case.seats_before"
  case caseMRRAdded = "case.mrr_added"
  case casePurchases = "case.purchases"
  case caseOrigin = "case.origin"
  case openFor = "open_for"
  case riskBand = "risk_band"
  case riskPoints = "risk_points"
  case used, licensed, settling
  case premiumAge = "premium_age"
  case driverFeatures = "driver.features"
  case newTeams = "new_teams"
  case planTier = "plan.tier"
  case planRank = "plan.rank"
  case flatFor = "flat_for"

  var type: ExpressionType {
    switch self {
    case .seats, .riskPoints, .used, .licensed, .planRank, .caseSeats, .caseSeatsBefore, .casePurchases: .number
    case .mrr, .caseMRRAdded: .money
    case .accountAge, .noticeIn, .caseAge, .openFor, .premiumAge, .flatFor: .duration
    case .planElastic, .caseOpen, .settling: .flag
    case .caseFeatures, .driverFeatures, .newTeams: .list
    case .planTier: .text
    case .caseVerdict: .choice(RuleSchema.verdicts)
    case .caseOrigin: .choice(RuleSchema.origins)
    case .caseOpened: .instant
    case .riskBand: .choice(RuleSchema.bands)
    }
  }

  /// Whether only rules about an expansion case can read it.
  var needsCase: Bool { self != .caseOpen && rawValue.hasPrefix("case.") }
}

/// Which usage an aggregate counts.
enum UsageSource: Hashable, Sendable {
  /// All but `ignore`.
  case all
  case meaning(UsageMeaning)
  /// The features the case brought into use.
  case adopted
  /// All other feature use and logins.
  case other
  /// The premium features of the plans the case added.
  case unlocked
  /// The premium features of the plans paid for.
  case premium
  /// The features of a higher tier than the plans paid for.
  case abovePlan
  /// The events that say a new customer has got what it came for.
  case firstValue
  /// The features the account was bought for.
  case driver
  /// All other feature use and logins.
  case driverOther

  static let names = [
    "usage", "usage.login", "usage.api", "usage.metered", "usage.limit_hit", "usage.feature", "usage.premium", "usage.above_plan",
    "usage.first_value", "case.usage", "case.other_usage", "case.unlocked", "driver.usage", "driver.other_usage",
  ]

  init?(_ name: String) {
    switch name {
    case "usage": self = .all
    case "case.usage": self = .adopted
    case "case.other_usage": self = .other
    case "case.unlocked": self = .unlocked
    case "usage.premium": self = .premium
    case "usage.above_plan": self = .abovePlan
    case "usage.first_value": self = .firstValue
    case "driver.usage": self = .driver
    case "driver.other_usage": self = .driverOther
    default:
      guard name.hasPrefix("usage."), let meaning = UsageMeaning(rawValue: String(name.dropFirst(6))), meaning != .ignore else {
        return nil
      }
      self = .meaning(meaning)
    }
  }

  var needsCase: Bool { self == .adopted || self == .other || self == .unlocked }

  /// Whether what it counts follows from what the account pays.
  var readsPlans: Bool {
    switch self {
    case .premium, .abovePlan, .driver, .driverOther, .firstValue, .unlocked: true
    case .all, .meaning, .adopted, .other: false
    }
  }
}
