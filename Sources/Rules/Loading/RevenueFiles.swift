package import ConfigFiles
import Events
package import Revenue

extension Diagnostic.Code {
  static let badCurrency: Self = "BW0504"
  static let badRate: Self = "BW0505"
}

/// How revenue is counted and compared: `revenue.yaml`, `benchmarks.yaml`.
package enum RevenueFiles {
  /// `currency`, `rates`, `involuntary_after_days`, `arr_bands`.
  package static func revenue(_ file: SourceFile, into settings: inout RevenueSettings, _ diagnostics: inout Diagnostics) {
    guard let root = parse(file, into: &diagnostics), var reader = MappingReader(root, what: "revenue file", into: &diagnostics) else {
      return
    }
    let reporting = reader.required("currency", into: &diagnostics).flatMap { currency($0, into: &diagnostics) }
    var rates: [String: Rational] = [:]
    for entry in reader.mapping("rates", into: &diagnostics) {
      guard let code = currency(entry.key, into: &diagnostics), let text = entry.value.text(for: entry.name, into: &diagnostics) else {
        continue
      }
      guard let rate = Rational(decimal: text), rate.numerator > 0 else {
        diagnostics.report(
          .badRate, "\(text) is no rate", at: entry.value.range,
          hint: "write what one whole unit of \(code.uppercased()) is worth, such as 1.08")
        continue
      }
      rates[code] = rate
    }
    if let days = reader.integer("involuntary_after_days", in: 1...365, into: &diagnostics) { settings.involuntaryAfterDays = Int(days) }
    let bands = reader.list("arr_bands", into: &diagnostics).compactMap {
      $0.integer(for: "arr_bands", in: 1...1_000_000_000_000, into: &diagnostics)
    }
    if !bands.isEmpty { settings.bands = Set(bands).sorted() }
    reader.finish(into: &diagnostics)
    if let reporting { settings.currencies = CurrencyTable(reporting: reporting, rates: rates) }
  }

  /// `default` and `segments`, each with its ranges and rates in per cent.
  package static func benchmarks(_ file: SourceFile, into diagnostics: inout Diagnostics) -> RetentionBenchmarks {
    guard let root = parse(file, into: &diagnostics), var reader = MappingReader(root, what: "benchmarks file", into: &diagnostics) else {
      return RetentionBenchmarks()
    }
    let entries = reader.mapping("segments", into: &diagnostics)
    let fallback = reader.choice("default", among: entries.map(\.name), into: &diagnostics)
    reader.finish(into: &diagnostics)
    return RetentionBenchmarks(entries.compactMap { segment($0, into: &diagnostics) }, fallback: fallback)
  }

  private static func segment(_ entry: Node.Entry, into diagnostics: inout Diagnostics) -> RetentionBenchmarks.Segment? {
    guard var reader = MappingReader(entry.value, what: "benchmark", into: &diagnostics) else { return nil }
    let matches = reader.list("matches", into: &diagnostics).compactMap { $0.text(for: "matches", into: &diagnostics) }
    let (nrr, top) = (range("nrr", &reader, into: &diagnostics), range("top", &reader, into: &diagnostics))
    let rates = ["churn", "contraction", "expansion"].map { key in
      reader.required(key, into: &diagnostics).flatMap { percent($0, key, into: &diagnostics) }
    }
    reader.finish(into: &diagnostics)
    guard let nrr, let top, let churn = rates[0], let contraction = rates[1], let expansion = rates[2] else { return nil }
    return RetentionBenchmarks.Segment(
      name: entry.name, matches: Set(matches + [entry.name]), nrr: nrr, top: top, churn: churn, contraction: contraction,
      expansion: expansion)
  }

  /// `[110, 115]`, in per cent.
  private static func range(
    _ key: String, _ reader: inout MappingReader, into diagnostics: inout Diagnostics
  ) -> ClosedRange<Int64>? {
    guard let node = reader.required(key, into: &diagnostics) else { return nil }
    let parts = node.list(for: key, into: &diagnostics)
    let bounds = parts.compactMap { percent($0, key, into: &diagnostics) }
    guard parts.count == 2, bounds.count == 2, bounds[0] <= bounds[1] else {
      if bounds.count == parts.count {
        diagnostics.report(.badRate, "\(key) is a range", at: node.range, hint: "write two percentages, the lower first: [105, 110]")
      }
      return nil
    }
    return bounds[0]...bounds[1]
  }

  /// Millionths.
  private static func percent(_ node: Node, _ key: String, into diagnostics: inout Diagnostics) -> Int64? {
    guard let text = node.text(for: key, into: &diagnostics) else { return nil }
    guard let value = Fixed(text), value.millionths >= 0, value.millionths <= 1_000 * 1_000_000 else {
      diagnostics.report(.badRate, "\(text) is no percentage", at: node.range, hint: "write a number from 0 to 1000, without a sign")
      return nil
    }
    return value.millionths / 100
  }

  private static func currency(_ node: Node, into diagnostics: inout Diagnostics) -> String? {
    guard let text = node.text(for: "currency", into: &diagnostics) else { return nil }
    guard text.count == 3, text.allSatisfy({ $0.isASCII && $0.isLetter }) else {
      diagnostics.report(.badCurrency, "\(text) is no currency", at: node.range, hint: "use the three letters of ISO 4217, such as usd")
      return nil
    }
    return text.lowercased()
  }
}
