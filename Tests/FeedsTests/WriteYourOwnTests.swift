import ConfigFiles
import Events
import Feeds
import Foundation
import Testing
import Transport

/// The feed file on the page, as it stands there.
@Suite struct WriteYourOwnTests {
  private static let now = instant("2026-03-10T12:00:00Z")

  private func page() throws -> String {
    try String(contentsOf: repository.appendingPathComponent("docs/connectors/write-your-own.md"), encoding: .utf8)
  }

  private func blocks(_ language: String) throws -> [String] {
    try page().components(separatedBy: "```\(language)\n").dropFirst().map { $0.components(separatedBy: "\n```")[0] }
  }

  private func file() throws -> String { try #require(try blocks("yaml").first) }

  private func run() throws -> VendorRun<PollwiseDialect> {
    VendorRun(try connector(try file()), PollwiseDialect(), secrets: ["pollwise_key": PollwiseDialect.key])
  }

  @Test func isAsLongAsThePageSays() throws {
    #expect(try blocks("yaml").count == 1)
    #expect(try file().split(separator: "\n").count == 20)
  }

  @Test func passesItsCheck() throws {
    let feed = try connector(try file())
    #expect(feed.isEnabled)
    #expect(feed.authentication.secrets.map(\.name) == ["pollwise_key"])
  }

  @Test func theAnswerOnThePageGivesTheLineOnThePage() async throws {
    let run = try run()
    let shown = try JSON(parsing: Array(try #require(try blocks("json").first).utf8))
    run.change { $0.answers = shown["items"].list ?? [] }
    let poll = try await run.poll(at: Self.now)
    let record = try #require(poll.records.first)
    #expect(poll.records.count == 1 && record.person == "jo@acme.example")
    let line = "\(record.at)  \(record.kind.rawValue)  \(record.id)  account \(record.account ?? "none")  \(record.body.serialized())"
    #expect(try page().contains(line), "\(line)")
  }

  @Test func readsEveryPageAndThenWhatIsNew() async throws {
    let run = try run()
    func answers(_ range: Range<Int>, at: Instant) -> [JSON] {
      range.map { number in
        [
          "id": JSON(number), "question": "nps", "score": JSON(number % 11), "comment": nil, "answered_at": JSON(at),
          "respondent": ["email": "jo@acme.example"], "company_ref": "cus_9f2",
        ]
      }
    }
    run.change { $0.answers = answers(0..<250, at: Self.now - .days(30)) }
    let first = try await run.poll(at: Self.now)
    #expect(first.ids(.survey) == (0..<250).map(String.init))
    #expect(
      first.lines(.survey)[7] == [
        "kind": "survey", "id": "7", "at": "2026-02-08T12:00:00Z", "feed": "pollwise", "account": "cus_9f2", "person": "jo@acme.example",
        "metric": "nps", "score": 7,
      ])
    run.change { $0.answers += answers(250..<252, at: Self.now + .minutes(5)) }
    #expect(try await run.poll(at: Self.now + .minutes(20)).ids(.survey) == ["250", "251"])
  }

  /// The faults that the page shows or lists, each planted alone.
  @Test(arguments: [
    ("https://api.pollwise.example", "api.pollwise.example", "BW0201"), ("score: score", "scores: score", "BW0202"),
    ("person: respondent.email", "person: respondent..email", "BW0203"), ("{from}", "{since}", "BW0204"),
    (", query: after }", " }", "BW0205"), (", query: { changed_since: \"{from}\", limit: 100 }", "", "BW0206"),
    ("metric: question", "metric: = nqs", "BW0208"),
  ])
  func theFaultsOnThePageAreToldByTheirCodes(was: String, becomes: String, code: String) throws {
    let text = try file().replacing(was, with: becomes)
    #expect(text != (try file()))
    var diagnostics = Diagnostics()
    #expect(Connector(file: SourceFile(path: "feeds/pollwise.yaml", text: text), environment: Environment([:]), into: &diagnostics) == nil)
    #expect(diagnostics.all.contains { $0.code == code }, "\(diagnostics.rendered())")
    #expect(try page().contains("`\(code)`"))
  }

  /// Where the next page's token stands elsewhere, one page looks like all there is.
  @Test(arguments: [("token: next", "token: meta.next", 1), ("token: next", "token: next", 0)])
  func aTokenThatIsNowhereIsRemarkedUpon(was: String, becomes: String, notes: Int) async throws {
    let run = VendorRun(
      try connector(try file().replacing(was, with: becomes)), PollwiseDialect(), secrets: ["pollwise_key": PollwiseDialect.key])
    run.change { $0.answers = (0..<3).map { ["id": JSON($0), "question": "nps", "score": 3, "answered_at": "2026-03-09T16:20:11Z"] } }
    let report = try await run.poll(at: Self.now).report
    #expect(report.notes.count == notes && report.failures.isEmpty, "\(report.notes)")
    #expect(report.notes.allSatisfy { $0.contains("one page was read, and nothing stands at meta.next in it") })
  }

  @Test func theRejectedAreCountedAndNamed() async throws {
    let run = VendorRun(try connector(try file()), PollwiseDialect(), secrets: ["pollwise_key": PollwiseDialect.key])
    run.change {
      $0.answers = ["3", "ten"].map { ["id": 881, "question": "nps", "score": .text($0), "answered_at": "2026-03-09T16:20:11Z"] }
    }
    let report = try await run.poll(at: Self.now, rejecting: true).report
    #expect(report.rejectedCounts == ["answers": 1])
    #expect(report.rejected.map(\.description) == ["answers 881: survey.score: a whole number expected, not \"ten\""])
    #expect(try page().contains("`rejected: answers 881: survey.score: a whole number expected, …`"))
  }

  /// What a dry run says of a wrong key, path, list and time.
  @Test(arguments: [
    ("X-Api-Key", "X-Key", "the vendor refuses the credential (401)"),
    ("/v2/answers", "/v1/answers", "there is nothing at https://api.pollwise.example/v1/answers (404)"),
    ("records: items", "records: answers", "the answer holds no list at answers"),
    ("iso8601_seconds", "seconds", "the vendor answered 400: "),
    ("query: after", "query: page", "came a second time"),
  ])
  func theFailuresOnThePageAreWordedSo(was: String, becomes: String, message: String) async throws {
    let run = VendorRun(
      try connector(try file().replacing(was, with: becomes)), PollwiseDialect(), secrets: ["pollwise_key": PollwiseDialect.key])
    run.change {
      $0.answers = (0..<250).map {
        ["id": JSON($0), "question": "nps", "score": 3, "answered_at": "2026-03-09T16:20:11Z"]
      }
    }
    let poll = try await run.poll(at: Self.now, failing: true)
    #expect(poll.report.failures.first?.message.contains(message) == true, "\(poll.report.failures)")
  }
}
