import ConfigFiles
import Events
import Foundation
import Revenue
import Rules
import Testing

/// `revenue.yaml` and `benchmarks.yaml`.
@Suite struct RevenueFileTests {
  private func revenue(_ text: String) -> (settings: RevenueSettings, faults: [String]) {
    var diagnostics = Diagnostics()
    var settings = RevenueSettings()
    RevenueFiles.revenue(SourceFile(path: "revenue.yaml", text: text), into: &settings, &diagnostics)
    return (settings, diagnostics.all.map(Self.line))
  }

  private func benchmarks(_ text: String) -> (benchmarks: RetentionBenchmarks, faults: [String]) {
    var diagnostics = Diagnostics()
    let read = RevenueFiles.benchmarks(SourceFile(path: "benchmarks.yaml", text: text), into: &diagnostics)
    return (read, diagnostics.all.map(Self.line))
  }

  private static func line(_ diagnostic: Diagnostic) -> String {
    let text = diagnostic.rendered()
    return text.split(separator: "\n").first.map(String.init) ?? text
  }

  @Test func everythingIsRead() {
    let (settings, faults) = revenue(
      """
      currency: EUR
      rates: { usd: 0.92, jpy: 0.0061 }
      involuntary_after_days: 45
      arr_bands: [50000, 10000]
      """)
    #expect(faults.isEmpty)
    #expect(settings.currencies.reporting == "eur" && settings.involuntaryAfterDays == 45 && settings.bands == [10_000, 50_000])
    #expect(settings.currencies.factor(of: "USD") == Rational(92, over: 100) && settings.currencies.factor(of: "eur") == Rational(1))
    // A yen has no minor units: 0.61 cents.
    #expect(settings.currencies.factor(of: "jpy") == Rational(61, over: 100) && settings.currencies.factor(of: "gbp") == nil)
    #expect(settings.currencies.factor(of: "") == Rational(1))
  }

  @Test func withoutAFileAmountsCountAsTheyAreBilled() {
    let settings = RevenueSettings()
    #expect(settings.currencies.factor(of: "gbp") == Rational(1) && settings.involuntaryAfterDays == 30)
  }

  @Test(
    arguments: [
      ("rates: { eur: 1.08 }", "BW0106"), ("currency: dollars", "BW0504"), ("currency: usd\nrates: { euro: 1.08 }", "BW0504"),
      ("currency: usd\nrates: { eur: dear }", "BW0505"), ("currency: usd\nrates: { eur: -1 }", "BW0505"),
      ("currency: usd\nrates: { eur: 0 }", "BW0505"), ("currency: usd\ninvoluntary_after_days: 0", "BW0107"),
      ("currency: usd\narr_bnds: [1]", "BW0105"),
    ])
  func mistakesAreNamed(text: String, code: String) {
    let faults = revenue(text).faults
    #expect(faults.count == 1 && faults[0].contains(code), "\(faults)")
  }

  @Test func aBenchmarkIsRead() throws {
    let text = """
      default: smb
      segments:
        smb: { matches: [Small], nrr: [90, 100], top: [100, 110.5], churn: 15, contraction: 5, expansion: 13 }
      """
    let (read, faults) = benchmarks(text)
    let smb = try #require(read.segment(for: .total))
    #expect(faults.isEmpty && smb.matches == ["small", "smb"])
    #expect(smb.nrr == 900_000...1_000_000 && smb.top == 1_000_000...1_105_000 && smb.churn == 150_000 && smb.expansion == 130_000)
  }

  @Test(
    arguments: [
      ("default: large\nsegments:\n  smb: { nrr: [90, 100], top: [100, 110], churn: 15, contraction: 5, expansion: 13 }", "BW0109"),
      ("segments:\n  smb: { nrr: [100, 90], top: [100, 110], churn: 15, contraction: 5, expansion: 13 }", "BW0505"),
      ("segments:\n  smb: { nrr: [90], top: [100, 110], churn: 15, contraction: 5, expansion: 13 }", "BW0505"),
      ("segments:\n  smb: { nrr: [90, 100], top: [100, 110], churn: much, contraction: 5, expansion: 13 }", "BW0505"),
      ("segments:\n  smb: { nrr: [90, 100], top: [100, 110], churn: -5, contraction: 5, expansion: 13 }", "BW0505"),
      ("segments:\n  smb: { nrr: [90, 100], top: [100, 110], contraction: 5, expansion: 13 }", "BW0106"),
    ])
  func mistakesInBenchmarksAreNamed(text: String, code: String) {
    let faults = benchmarks(text).faults
    #expect(faults.count == 1 && faults[0].contains(code), "\(faults)")
  }

  @Test func theShippedFilesAreReadWithoutFault() throws {
    let read = { (name: String) in try String(contentsOf: Repository.root.appending(path: "config/\(name)"), encoding: .utf8) }
    let (settings, faults) = revenue(try read("revenue.yaml"))
    #expect(faults.isEmpty && settings.currencies.reporting == "usd")
    let (shipped, others) = benchmarks(try read("benchmarks.yaml"))
    #expect(others.isEmpty && shipped.segment(for: Cut(dimension: .segment, value: "Enterprise"))?.nrr == 1_100_000...1_150_000)
    for segment in shipped.segments {
      // The three rates of a segment make an NRR within its range.
      let made = (1_000_000 - segment.churn - segment.contraction) * (1_000_000 + segment.expansion) / 1_000_000
      #expect(segment.nrr.contains(made), "\(segment.name) \(made)")
    }
  }
}
