import ConfigFiles
import Engine
import Events
import Features
import Foundation
import Rules

/// What `Benchmarks/run engine` times: the engine alone, over the shipped rules, without store or feeds.
///
///     bellwether-measure-engine RULES ACCOUNTS DAYS [full]
///     bellwether-measure-engine RULES check COUNT
@main struct MeasureEngine {
  static func main() throws {
    let arguments = CommandLine.arguments
    if arguments.count == 4, arguments[2] == "check", let count = Int(arguments[3]) {
      let report = try CheckRun(rules: arguments[1], count: count).measure()
      return print(String(decoding: try JSONEncoder().encode(report), as: UTF8.self))
    }
    guard arguments.count >= 4, let accounts = Int(arguments[2]), let days = Int(arguments[3]) else {
      throw Usage()
    }
    var run = try EngineRun(rules: arguments[1], accounts: accounts, isIncremental: !arguments.contains("full"))
    let report = try run.measure(days: days)
    let data = try JSONEncoder().encode(report)
    print(String(decoding: data, as: UTF8.self))
  }

  struct Usage: Error {}

  /// The rule files of a folder, and the lexicons beside it that they name.
  static func files(rules path: String) throws -> [SourceFile] {
    try [("rules", path), ("lexicons", path + "/../lexicons")].flatMap { folder, path in
      try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasSuffix(".yaml") }.sorted()
        .map { SourceFile(path: "\(folder)/\($0)", text: try String(contentsOfFile: path + "/" + $0, encoding: .utf8)) }
    }
  }
}

/// One engine and the company it watches.
struct EngineRun {
  private var fold: LogFold
  private var company: SyntheticCompany
  private var sequence: Int64 = 0
  private let ruleCount: Int

  struct Report: Codable {
    var accounts: Int
    var days: Int
    var rules: Int
    var events = 0
    var seconds: Double = 0
    /// Over the last fourteen days, records left out.
    var evaluated = 0
    var skipped = 0
    var decisionsPerSecond: Double = 0
    var nanosecondsEvaluated: Double = 0
    /// Means over the last fourteen days, in seconds.
    var daySeconds: Double = 0
    var midnightSeconds: Double = 0
    var completedDaySeconds: Double = 0
    /// Microseconds: one ticket of one account, folded and its account evaluated; the same with the state written out.
    var eventMicroseconds: Double = 0
    var eventAndStateMicroseconds: Double = 0
    var usageMicroseconds: Double = 0
    var stateBytesPerAccount = 0
    var residentBytes = 0
    var residentBytesBefore = 0
  }

  init(rules path: String, accounts: Int, isIncremental: Bool) throws {
    var diagnostics = Diagnostics()
    let files = try MeasureEngine.files(rules: path)
    guard let rules = CompiledRules.load(files: files, diagnostics: &diagnostics) else { throw MeasureEngine.Usage() }
    let catalog = ProductCatalog(
      meanings: ["signed_in": .login, "api_call": .api],
      plans: [
        "growth_seat_monthly": Plan(
          id: "growth_seat_monthly", tier: "growth", productLine: "core", countsSeats: true, isElastic: false,
          premiumFeatures: ["dashboard_shared"])
      ])
    let configuration = CompiledConfiguration(digest: "d", rules: rules, catalog: catalog, calendar: .utc)
    ruleCount = rules.rules.count
    fold = LogFold { _ in configuration }
    fold.isIncremental = isIncremental
    company = SyntheticCompany(accounts: accounts, seed: 1)
  }

  private mutating func step(_ content: Step.Content, day: Int, hour: Int64, writesStates: Bool = false) throws {
    sequence += 1
    let at = SyntheticCompany.start + .days(Int64(day)) + .hours(hour)
    let outcome = try fold.fold([Step(sequence: sequence, at: at, content: content)], writesStates: writesStates)
    if outcome.position < 0 { throw MeasureEngine.Usage() }
  }

  private mutating func watermarks(_ day: Int) throws {
    let kinds = Kind.allCases.filter { $0 != .usage }
    let through = SyntheticCompany.start + .days(Int64(day))
    for (stream, kinds) in [("synthetic.rest", kinds), ("synthetic.usage", [Kind.usage])] {
      try step(
        .watermark(
          Watermark(
            stream: stream, kinds: kinds, knownFrom: SyntheticCompany.start, completeThrough: through, system: "synthetic",
            coversCustomers: true)), day: day, hour: 2)
    }
  }

  mutating func measure(days: Int) throws -> Report {
    var report = Report(accounts: company.accounts, days: days, rules: ruleCount)
    report.residentBytesBefore = Self.residentBytes
    try step(.activation(digest: "d"), day: 0, hour: 0)
    try step(.records((0..<company.accounts).flatMap { company.opening(of: $0) }), day: 0, hour: 1)
    try watermarks(0)
    var timed = 0.0
    for day in 0..<days {
      let records = (0..<company.accounts).flatMap { company.day(day, of: $0) }
      report.events += records.count
      let isLast = day >= days - 14
      let taking = try seconds { try step(.records(records), day: day, hour: 10) }
      let between = fold.decisions
      let midnight = try seconds { try step(.tick, day: day + 1, hour: 0) }
      let completing = try seconds { try watermarks(day + 1) }
      report.seconds += taking + midnight + completing
      guard isLast else { continue }
      timed += midnight + completing
      report.evaluated += fold.decisions.evaluated - between.evaluated
      report.skipped += fold.decisions.skipped - between.skipped
      report.daySeconds += (taking + midnight + completing) / 14
      report.midnightSeconds += midnight / 14
      report.completedDaySeconds += completing / 14
    }
    report.decisionsPerSecond = Double(report.evaluated + report.skipped) / timed
    report.nanosecondsEvaluated = timed * 1e9 / Double(max(report.evaluated, 1))
    report.eventMicroseconds = try eventCost(days, writesStates: false)
    report.eventAndStateMicroseconds = try eventCost(days, writesStates: true)
    report.usageMicroseconds = try usageCost(days)
    report.residentBytes = Self.residentBytes
    let sample = fold.accounts.keys.sorted().prefix(20)
    report.stateBytesPerAccount = sample.reduce(0) { $0 + (fold.accounts[$1]?.json.serialized().utf8.count ?? 0) } / max(sample.count, 1)
    return report
  }

  private mutating func eventCost(_ day: Int, writesStates: Bool) throws -> Double {
    let tickets = (0..<min(company.accounts, 200)).map { company.ticket(day, of: $0) }
    let taken = try seconds {
      for ticket in tickets { try step(.records([ticket]), day: day, hour: 11, writesStates: writesStates) }
    }
    return taken * 1e6 / Double(tickets.count)
  }

  private mutating func usageCost(_ day: Int) throws -> Double {
    var records: [LinkedRecord] = []
    for back in 0..<7 {
      for account in 0..<company.accounts { records += company.day(day - back % 3, of: account).filter { $0.record.kind == .usage } }
    }
    let taken = try seconds { try step(.records(records), day: day, hour: 12) }
    return taken * 1e6 / Double(max(records.count, 1))
  }

  /// Seconds of processor time, which other work on the machine does not stretch: the engine waits for nothing.
  private func seconds(_ body: () throws -> Void) rethrows -> Double {
    let begin = clock()
    try body()
    return Double(clock() - begin) / Double(CLOCKS_PER_SEC)
  }

  private static var residentBytes: Int {
    let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
    return (line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
  }
}
