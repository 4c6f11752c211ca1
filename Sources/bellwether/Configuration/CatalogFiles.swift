import ConfigFiles
import Events
import Features

extension Diagnostic.Code {
  static let unknownTimeZone: Self = "BW0501"
  static let badDay: Self = "BW0502"
}

/// The company's own vocabulary: `features.yaml`, `plans.yaml`, `calendar.yaml`.
enum CatalogFiles {
  /// Event names and what they mean.
  static func features(_ file: SourceFile, into diagnostics: inout Diagnostics) -> [String: UsageMeaning] {
    var meanings: [String: UsageMeaning] = [:]
    for entry in section("features", of: file, into: &diagnostics) {
      guard let name = entry.key.text, var reader = MappingReader(entry.value, what: "feature", into: &diagnostics) else { continue }
      if reader.required("meaning", into: &diagnostics) != nil {
        meanings[name] = reader.choice("meaning", as: UsageMeaning.self, into: &diagnostics)
      }
      for key in ["tier", "product_line", "retires_on"] { _ = reader.text(key, into: &diagnostics) }
      reader.finish(into: &diagnostics)
    }
    return meanings
  }

  /// Plan ids as billing has them.
  static func plans(_ file: SourceFile, into diagnostics: inout Diagnostics) -> [String: Plan] {
    var plans: [String: Plan] = [:]
    for entry in section("plans", beside: ["tiers"], of: file, into: &diagnostics) {
      guard let id = entry.key.text, var reader = MappingReader(entry.value, what: "plan", into: &diagnostics) else { continue }
      plans[id] = Plan(
        id: id, tier: reader.text("tier", into: &diagnostics) ?? "", productLine: reader.text("product_line", into: &diagnostics) ?? "",
        countsSeats: reader.choice("seats", among: ["quantity", "none"], into: &diagnostics) != "none",
        isElastic: reader.flag("elastic", into: &diagnostics) ?? false,
        premiumFeatures: reader.list("premium_features", into: &diagnostics).compactMap {
          $0.text(for: "premium_features", into: &diagnostics)
        })
      _ = reader.choice("pricing", among: ["per_seat", "usage", "flat"], into: &diagnostics)
      reader.finish(into: &diagnostics)
    }
    return plans
  }

  /// The company's days.
  static func calendar(_ file: SourceFile, into diagnostics: inout Diagnostics) -> CompanyCalendar? {
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
    _ key: String, beside others: [String] = [], of file: SourceFile, into diagnostics: inout Diagnostics
  ) -> [Node.Entry] {
    guard let root = parse(file, into: &diagnostics), var reader = MappingReader(root, what: "\(key) file", into: &diagnostics) else {
      return []
    }
    let entries = reader.mapping(key, into: &diagnostics)
    for other in others { _ = reader.optional(other) }
    reader.finish(into: &diagnostics)
    return entries
  }
}
