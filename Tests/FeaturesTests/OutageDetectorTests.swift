import Events
import Features
import Testing

@Suite struct OutageDetectorTests {
  /// 1 January 2026 is a Thursday; histories begin there.
  private static let begin = noon(0) - .hours(12)

  /// A detector that saw so many records in each hour of the first days, and in the hours of the last day as told.
  private func detector(days: Int, hourly: Int, then counts: [Int] = [], every: (Int) -> Int = { _ in 1 }) -> OutageDetector {
    var detector = OutageDetector()
    let end = Self.begin + .days(Int64(days)) + .hours(Int64(counts.count))
    for hour in 0..<days * 24 { count(hourly * every(hour), in: hour, &detector, now: end) }
    for (index, number) in counts.enumerated() { count(number, in: days * 24 + index, &detector, now: end) }
    return detector
  }

  private func count(_ number: Int, in hour: Int, _ detector: inout OutageDetector, now: Instant) {
    for _ in 0..<number { detector.count("app", at: Self.begin + .hours(Int64(hour)) + .minutes(7), now: now) }
  }

  private func at(_ days: Int, _ hours: Int = 0) -> Instant { Self.begin + .days(Int64(days)) + .hours(Int64(hours)) }

  private func review(_ detector: inout OutageDetector, through: Instant, _ calendar: CompanyCalendar = .utc) -> OutageDetector.Change? {
    detector.review("app", known: Self.begin...through, now: through, calendar)
  }

  @Test(arguments: [(49, true), (50, false), (100, false), (0, true)])
  func `fewer than half the median is suspect, half is not`(last: Int, isSuspect: Bool) {
    var detector = detector(days: 28, hourly: 100, then: [last])
    let change = review(&detector, through: at(28, 1))
    #expect(change == (isSuspect ? .suspected(from: at(28), records: Int64(last)) : nil))
    #expect(detector.heldFrom == (isSuspect ? at(28) : nil))
  }

  @Test(arguments: [(99, false), (100, true)])
  func `a small feed is never suspected`(hourly: Int, isSuspect: Bool) {
    var detector = detector(days: 28, hourly: hourly, then: [0])
    let change = review(&detector, through: at(28, 1))
    #expect((change != nil) == isSuspect)
  }

  @Test(arguments: [(20, false), (21, true)])
  func `three weeks must be known`(days: Int, isSuspect: Bool) {
    var detector = detector(days: days, hourly: 100, then: [0])
    let change = review(&detector, through: at(days, 1))
    #expect((change != nil) == isSuspect)
  }

  @Test func `a quiet weekend is as quiet as ever`() {
    let weekend = { (hour: Int) in [2, 3].contains(hour / 24 % 7) ? 0 : 2 }
    var detector = detector(days: 30, hourly: 100, every: weekend)
    let change = review(&detector, through: at(30, 20))
    #expect(change == nil)
  }

  @Test func `a holiday is not suspect, and is left out of what is compared`() throws {
    let holiday = Day(number: 20_454) + 28
    let calendar = try #require(CompanyCalendar(timeZone: "UTC", holidays: [holiday, holiday - 7]))
    var detector = detector(days: 28, hourly: 100, then: [0])
    let change = review(&detector, through: at(28, 1), calendar)
    #expect(change == nil)
  }

  @Test func `records that turn up end the suspicion`() {
    var detector = detector(days: 28, hourly: 100, then: [0, 100])
    let first = review(&detector, through: at(28, 2))
    #expect(first == .suspected(from: at(28), records: 0))
    let second = review(&detector, through: at(28, 3))
    #expect(second == nil && detector.heldFrom == at(28))
    count(60, in: 28 * 24, &detector, now: at(28, 4))
    count(90, in: 28 * 24 + 2, &detector, now: at(28, 4))
    count(90, in: 28 * 24 + 3, &detector, now: at(28, 4))
    let last = review(&detector, through: at(28, 4))
    #expect(last == .ended(.recovered))
    #expect(detector.heldFrom == nil)
  }

  @Test func `after 48 hours it counts as real, and is not suspected again before it recovers`() {
    var detector = detector(days: 28, hourly: 100, then: [0])
    let first = review(&detector, through: at(28, 1))
    #expect(first != nil)
    for hour in 2..<48 {
      let change = review(&detector, through: at(28, hour))
      #expect(change == nil, "hour \(hour)")
    }
    let last = review(&detector, through: at(28, 48))
    #expect(last == .ended(.real))
    let after = review(&detector, through: at(28, 60))
    #expect(after == nil && detector.heldFrom == nil)
  }

  @Test func `a person may accept it; a recovery makes it alert again`() {
    var detector = detector(days: 28, hourly: 100, then: [0])
    let early = detector.accept("app")
    #expect(!early)
    _ = review(&detector, through: at(28, 1))
    #expect(detector.suspected == ["app"])
    let isAccepted = detector.accept("app")
    #expect(isAccepted && detector.suspected.isEmpty)
    let quiet = review(&detector, through: at(28, 3))
    count(100, in: 28 * 24 + 3, &detector, now: at(28, 4))
    let recovered = review(&detector, through: at(28, 4))
    #expect(quiet == nil && recovered == nil)
    let again = review(&detector, through: at(28, 5))
    #expect(again == .suspected(from: at(28, 4), records: 0))
  }

  @Test func `it comes back from JSON and forgets what it no longer compares with`() throws {
    var detector = detector(days: 40, hourly: 100, then: [0])
    _ = review(&detector, through: at(40, 1))
    #expect(OutageDetector(json: try JSON(parsing: detector.json.serialized())) == detector)
    let kept = try #require(detector.json["app"]["counts"].object)
    let most = (OutageDetector.weeks * 7 + 1 + 2) * 24 + 1
    #expect(kept.count <= most)
    #expect(OutageDetector(json: ["app": ["counts": 1]]) == nil)
  }
}
