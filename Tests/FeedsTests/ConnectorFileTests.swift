import ConfigFiles
import Events
import Feeds
import Foundation
import Testing

@Suite struct ConnectorFileTests {
  private func faults(_ yaml: String, _ variables: [String: String] = [:]) -> Diagnostics {
    var diagnostics = Diagnostics()
    let connector = Connector(
      file: SourceFile(path: "config/feeds/bad.yaml", text: yaml), environment: Environment(variables), into: &diagnostics)
    #expect((connector == nil) == diagnostics.hasErrors)
    return diagnostics
  }

  private let good = """
    name: x
    enabled: true
    base_url: https://api.example.com
    auth: { bearer: x_key }
    poll: 5m
    start: 30d
    streams:
      - name: things
        request: { path: /things, query: { since: "{from}" } }
        records: data
        paging: { token: next, query: after }
        cursor: { format: iso8601, lag: 1m }
        completes: [usage]
        map:
          - kind: usage
            id: id
            at: at
            fields: { name: name | title, team: = sales }
    """

  @Test func theExampleIsGood() { #expect(faults(good).isEmpty) }

  /// What is put in place of what, the code, the text under the caret, and a part of the hint.
  @Test(arguments: [
    ("poll: 5m", "pol: 5m", "BW0105", "pol", "did you mean poll?"),
    ("poll: 5m", "poll: 5 minutes", "BW0108", "5 minutes", "28d"),
    ("poll: 5m", "poll: 1s", "BW0108", "1s", "5m"),
    ("start: 30d", "start: lastweek", "BW0210", "lastweek", "180d"),
    ("https://api.example.com", "api.example.com", "BW0201", "api.example.com", "https://host"),
    ("https://api.example.com", "https://u:p@api.example.com", "BW0201", "https://u:p@api.example.com", "https://host"),
    ("https://api.example.com", "https://api.example.com/?a=b", "BW0201", "https://api.example.com/?a=b", "without a query"),
    ("https://api.example.com", "${X_URL}", "BW0110", "${X_URL}", "set X_URL"),
    ("{ bearer: x_key }", "{ baerer: x_key }", "BW0106", "{", "bearer"),
    ("{ bearer: x_key }", "{ bearer: sk_live_abc }", "BW0209", "sk_live_abc", "name"),
    ("{ bearer: x_key }", "{ basic: { user: me } }", "BW0106", "{", "secret"),
    ("path: /things", "path: things", "BW0201", "things", "query"),
    ("\"{from}\"", "\"{form}\"", "BW0204", "{form}", "did you mean from?"),
    ("\"{from}\"", "\"{to}\"", "BW0206", "{", "{from}"),
    ("token: next, query", "tokn: next, query", "BW0205", "{", "token"),
    ("token: next, query", "token: next, last: id, query", "BW0205", "{", "name one of"),
    ("{ token: next, query: after }", "{ token: next }", "BW0205", "{", "query: NAME"),
    ("format: iso8601", "format: iso", "BW0109", "iso", "iso8601"),
    ("kind: usage", "kind: usages", "BW0109", "usages", "did you mean usage?"),
    ("completes: [usage]", "completes: [use]", "BW0109", "use", "usage"),
    ("name: name | title", "nmae: name", "BW0202", "nmae", "did you mean name?"),
    ("name: name | title", "name: name | ti tle", "BW0203", "ti tle", "dots"),
    ("name: name | title", "name: name |", "BW0203", "", "dots"),
    ("name: name | title", "quantity: = many", "BW0208", "= many", ""),
    ("name: name | title", "person: who", "BW0202", "person", "beside fields"),
    ("name: name | title", "name: { if: { a: b } }", "BW0208", "{", "condition alone"),
    ("name: name | title", "name: { if: { a: { starts_wiht: b } }, then: c }", "BW0208", "starts_wiht", "starts_with"),
    ("name: name | title", "name: { jion: [a, b] }", "BW0208", "{", "did you mean join?"),
    ("id: id", "idd: id", "BW0105", "idd", "did you mean id?"),
    ("kind: usage", "kind: account", "BW0202", "team", "name, domain"),
    ("kind: usage", "shape: usgae", "BW0208", "usgae", ""),
    ("records: data", "recods: data", "BW0105", "recods", "did you mean records?"),
    (
      "- name: things", "- { name: other, request: { path: / }, records: ., map: [{ kind: pulse, id: i, at: t }] }\n  - name: other",
      "BW0207", "other", "cursors"
    ),
  ])
  func pointsAtTheFault(old: String, new: String, code: String, under: String, hint: String) throws {
    #expect(good.contains(old))
    let found = faults(good.replacing(old, with: new, maxReplacements: 1))
    let fault = try #require(found.all.first { $0.code == code }, "\(found.rendered())")
    #expect(fault.range.text.prefix { $0 != "\n" } == under, "\(fault.rendered())")
    #expect(fault.hint?.contains(hint) ?? hint.isEmpty || hint.isEmpty, "\(fault.rendered())")
  }

  @Test func reportsEveryFaultInOneRun() {
    let bad = good.replacing("poll: 5m", with: "pol: 5m").replacing("https://api", with: "ftp://api").replacing(
      "kind: usage", with: "kind: ussage"
    )
    .replacing("lag: 1m", with: "lag: soon")
    #expect(faults(bad).all.map(\.code) == ["BW0201", "BW0105", "BW0108", "BW0109"])
  }

  @Test func aFeedThatIsOffNeedsNoVariables() {
    let off = good.replacing("enabled: true", with: "enabled: ${X_ON:-false}").replacing("https://api.example.com", with: "${X_URL}")
      .replacing("poll: 5m", with: "poll: ${X_POLL}")
    #expect(faults(off).isEmpty)
    #expect(faults(off, ["X_ON": "true"]).all.map(\.code) == ["BW0110", "BW0110"])
  }

  @Test func onlyAnEnabledFeedNeedsItsSecret() throws {
    let environment = Environment([:])
    for (text, codes) in [(good, ["BW0111"]), (good.replacing("enabled: true", with: "enabled: false"), [])] {
      var diagnostics = Diagnostics()
      try connector(text).checkSecrets(in: SecretSource(environment: environment), into: &diagnostics)
      #expect(diagnostics.all.map(\.code) == codes)
      #expect(diagnostics.all.allSatisfy { $0.range.text == "x_key" && $0.hint?.contains("X_KEY") == true })
    }
  }

  @Test(arguments: [(50, false), (51, true)]) func theStreamLimitHolds(count: Int, refused: Bool) {
    let head = good.prefix(upTo: good.firstRange(of: "  - name: things")?.lowerBound ?? good.endIndex)
    let streams = (0..<count).map { "  - { name: s\($0), request: { path: / }, records: ., map: [{ kind: pulse, id: i, at: t }] }\n" }
      .joined()
    #expect(faults(head + streams).hasErrors == refused)
  }

  @Test func anEmptyFileIsAFault() { #expect(faults("# nothing\n").all.map(\.code) == ["BW0106"]) }
}

@Suite struct FeedFolderTests {
  @Test func twoFeedsOfOneNameAreAFault() throws {
    let text = """
      name: same
      base_url: https://api.example.com
      streams: [{ name: a, request: { path: /a }, records: ., map: [{ kind: pulse, id: i, at: t }] }]
      """
    var diagnostics = Diagnostics()
    let files = ["b.yaml", "a.yaml"].map { SourceFile(path: $0, text: text) } + [SourceFile(path: "c.yaml", text: "name: [\n")]
    let feeds = Connector.all(in: files, environment: Environment([:]), into: &diagnostics)
    #expect(feeds.count == 2)
    #expect(diagnostics.all.map(\.code) == ["BW0207", "BW0101"])
    #expect(diagnostics.all.first?.range.file.path == "b.yaml")
    #expect(diagnostics.all.first?.message.contains("a.yaml") == true)
  }
}
