package import ConfigFiles
package import Events
package import Features

extension Diagnostic.Code {
  static let unknownTimeZone: Self = "BW0501"
  static let badDay: Self = "BW0502"
  static let unknownTier: Self = "BW0506"
}

/// The company's own vocabulary: `features.yaml`, `plans.yaml`, `calendar.yaml`.
package enum CatalogFiles {
  /// Event names and what they mean.
  ///
  /// - Parameter tiers: those of `plans.yaml`; where it lists none, a tier is not checked.
  package static func features(_ file: SourceFile, tiers: [String], into diagnostics: inout Diagnostics) -> [String: ProductFeature] {
    var features: [String: ProductFeature] = [:]
    for entry in section("features", of: file, into: &diagnostics) {
      guard let name = entry.key.text, var reader = MappingReader(entry.value, what: "feature", into: &diagnostics) else { continue }
      let isThere = reader.required("meaning", into: &diagnostics) != nil
      let meaning = isThere ? reader.choice("meaning", as: UsageMeaning.self, into: &diagnostics) : nil
      features[name] = ProductFeature(
        meaning: meaning ?? .feature, tier: tier(of: &reader, among: tiers, into: &diagnostics),
        productLine: reader.text("product_line", into: &diagnostics), isFirstValue: reader.flag("first_value", into: &diagnostics) ?? false,
        called: reader.list("called", into: &diagnostics).compactMap { $0.text(for: "called", into: &diagnostics) })
      _ = reader.text("retires_on", into: &diagnostics)
      reader.finish(into: &diagnostics)
    }
    return features
  }

  /// Plan ids as billing has them, the tiers, lowest first, and the topics that product lines serve.
  package static func plans(
    _ file: SourceFile, into diagnostics: inout Diagnostics
  ) -> (plans: [String: Plan], tiers: [String], topics: [String: String]) {
    var plans: [String: Plan] = [:]
    guard let root = parse(file, into: &diagnostics), var section = MappingReader(root, what: "plans file", into: &diagnostics) else {
      return ([:], [], [:])
    }
    let entries = section.mapping("plans", into: &diagnostics)
    let tiers = section.list("tiers", into: &diagnostics).compactMap { $0.text(for: "tiers", into: &diagnostics) }
    let lines = section.mapping("product_lines", into: &diagnostics)
    section.finish(into: &diagnostics)
    for entry in entries {
      guard let id = entry.key.text, var reader = MappingReader(entry.value, what: "plan", into: &diagnostics) else { continue }
      plans[id] = Plan(
        id: id, tier: tier(of: &reader, among: tiers, into: &diagnostics) ?? "",
        productLine: reader.text("product_line", into: &diagnostics) ?? "",
        countsSeats: reader.choice("seats", among: ["quantity", "none"], into: &diagnostics) != "none",
        isElastic: reader.flag("elastic", into: &diagnostics) ?? false,
        premiumFeatures: reader.list("premium_features", into: &diagnostics).compactMap {
          $0.text(for: "premium_features", into: &diagnostics)
        }, limit: reader.optional("limit").flatMap { limit($0, into: &diagnostics) },
        pricing: reader.choice("pricing", among: ["per_seat", "usage", "flat"], into: &diagnostics) ?? "")
      reader.finish(into: &diagnostics)
    }
    return (plans, tiers, topics(of: lines, into: &diagnostics))
  }

  /// A tier that has no rank counts as missing in every rule that asks for one, so it is a mistake where others have.
  private static func tier(of reader: inout MappingReader, among tiers: [String], into diagnostics: inout Diagnostics) -> String? {
    guard let node = reader.optional("tier"), let tier = node.text(for: "tier", into: &diagnostics) else { return nil }
    if !tiers.isEmpty, !tiers.contains(tier) {
      diagnostics.report(
        .unknownTier, "\(tier) is none of the tiers in plans.yaml", at: node.range,
        hint: suggestion(for: tier, among: tiers) ?? "add it to tiers, lowest first")
    }
    return tier
  }

  /// `analytics: { topics: [business intelligence, reporting] }`
  private static func topics(of lines: [Node.Entry], into diagnostics: inout Diagnostics) -> [String: String] {
    var topics: [String: String] = [:]
    for entry in lines {
      guard var reader = MappingReader(entry.value, what: "product line", into: &diagnostics) else { continue }
      for node in reader.list("topics", into: &diagnostics) {
        if let topic = node.text(for: "topics", into: &diagnostics) { topics[topic.lowercased()] = entry.name }
      }
      reader.finish(into: &diagnostics)
    }
    return topics
  }

  /// `{ event: api_call, quantity: 100000, per: month }`
  private static func limit(_ node: Node, into diagnostics: inout Diagnostics) -> PlanLimit? {
    guard var reader = MappingReader(node, what: "limit", into: &diagnostics) else { return nil }
    let event = reader.requiredText("event", into: &diagnostics)
    let isThere = reader.required("quantity", into: &diagnostics) != nil
    let quantity = isThere ? reader.integer("quantity", in: 1...1_000_000_000_000, into: &diagnostics) : nil
    let per = reader.choice("per", as: PlanLimit.Period.self, into: &diagnostics) ?? .month
    reader.finish(into: &diagnostics)
    guard let event, let quantity else { return nil }
    return PlanLimit(event: event, quantity: Fixed(quantity), per: per)
  }

  /// The company's days.
  package static func calendar(_ file: SourceFile, into diagnostics: inout Diagnostics) -> CompanyCalendar? {
    guard let root = parse(file, into: &diagnostics), var reader = MappingReader(root, what: "calendar", into: &diagnostics) else {
      return nil
    }
    let zone = reader.required("time_zone", into: &diagnostics)
    var holidays: [Day] = []
    for node in reader.list("holidays", into: &diagnostics) {
      guard let text = node.text(for: "holidays", into: &diagnostics) else { continue }
      guard let day = Day(text) else {
        diagnostics.report(.badDay, "\(text) is no day", at: node.range, hint: "write YYYY-MM-DD")
        continue
      }
      holidays.append(day)
    }
    reader.finish(into: &diagnostics)
    guard let zone, let name = zone.text(for: "time_zone", into: &diagnostics) else { return nil }
    guard let calendar = CompanyCalendar(timeZone: name, holidays: holidays) else {
      diagnostics.report(
        .unknownTimeZone, "no time zone is called \(name)", at: zone.range, hint: "use a name of the IANA database, such as Europe/Berlin")
      return nil
    }
    return calendar
  }

  private static func section(
    _ key: String, of file: SourceFile, into diagnostics: inout Diagnostics
  ) -> [Node.Entry] {
    guard let root = parse(file, into: &diagnostics), var reader = MappingReader(root, what: "\(key) file", into: &diagnostics) else {
      return []
    }
    let entries = reader.mapping(key, into: &diagnostics)
    reader.finish(into: &diagnostics)
    return entries
  }
}
