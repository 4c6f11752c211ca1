import ConfigFiles
import Delivery
import Engine
import Events
import Foundation
import Testing

@Suite struct SinkCatalogTests {
  private func read(_ text: String, variables: [String: String] = [:], lookUp: Bool = false) -> (SinkCatalog, Diagnostics) {
    var diagnostics = Diagnostics()
    let environment = Environment(variables)
    let catalog = SinkCatalog(
      reading: SourceFile(path: "sinks.yaml", text: text), environment: environment,
      secrets: lookUp ? SecretSource(environment: environment) : nil, into: &diagnostics)
    return (catalog, diagnostics)
  }

  @Test func theShippedFileHasNoFaultsAndIsOff() throws {
    let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../config/sinks.yaml").standardizedFileURL
    let text = try String(contentsOf: path, encoding: .utf8)
    let (catalog, diagnostics) = read(text, lookUp: true)
    #expect(diagnostics.all == [], "\(diagnostics.rendered())")
    #expect(catalog.sinks.map(\.name) == ["team"])
    #expect(catalog.sinks.allSatisfy { !$0.isEnabled })
  }

  @Test func everyKeyIsRead() {
    let (catalog, diagnostics) = read(
      """
      sinks:
        - name: team
          type: webhook
          enabled: true
          url: ${URL}/hook
          secret: [new_key, old_key]
          min_level: high
          show_people: true
          allow_private: true
          timeout: 20s
      routes:
        - about: [risk, quality]
          min_level: critical
          sinks: [team]
      """,
      variables: ["URL": "http://127.0.0.1:8080", "NEW_KEY": SigningKey.random().secretText, "OLD_KEY": SigningKey.random().secretText],
      lookUp: true)
    #expect(diagnostics.all == [], "\(diagnostics.rendered())")
    #expect(
      catalog.sinks == [
        Sink(
          name: "team", url: "http://127.0.0.1:8080/hook", secrets: ["new_key", "old_key"], allowsPrivate: true, showsPeople: true,
          timeout: .seconds(20), minimumLevel: .high)
      ])
    #expect(catalog.routes == [Route(abouts: [.risk, .quality], minimumLevel: .critical, sinks: ["team"])])
  }

  private static func sink(_ lines: String, name: String = "team") -> String {
    let indented = lines.split(separator: "\n").map { "    " + $0 }.joined(separator: "\n")
    return "sinks:\n  - name: \(name)\n    type: webhook\n    enabled: true\n" + indented + "\nroutes:\n  - sinks: [team]\n"
  }

  @Test(arguments: [
    (sink("url: ftp://example.com\nsecret: key"), "BW0402", 5, "https://host/path"),
    (sink("url: https://\nsecret: key"), "BW0402", 5, "https://host/path"),
    (sink("url: https://user:pass@example.com\nsecret: key"), "BW0402", 5, "take them out"),
    (sink("url: https://example.com:99999\nsecret: key"), "BW0402", 5, "port"),
    (sink("url: https://exa mple.com\nsecret: key"), "BW0402", 5, "percent-encode"),
    (sink("url: https://example.com\nsecret: key\nshow_poeple: true"), "BW0105", 7, "show_people"),
    (sink("url: https://example.com\nsecret: key\ntimeout: 10"), "BW0108", 7, "90s"),
    (sink("url: https://example.com\nsecret: key\ntimeout: 1h"), "BW0108", 7, "15s"),
    (sink("url: https://example.com\nsecret: key\nmin_level: low"), "BW0109", 7, "medium"),
    (sink("url: https://example.com\nsecret: absent"), "BW0111", 6, "ABSENT"),
    (sink("url: https://example.com\nsecret: weak"), "BW0403", 6, "whsec_"),
    (sink("url: https://example.com\nsecret: key", name: "teem"), "BW0401", 8, "did you mean teem?"),
    (sink("url: ${NOWHERE}\nsecret: key"), "BW0110", 5, "NOWHERE"),
    ("sinks: []\nroutes:\n  - sinks: [team]\n", "BW0401", 3, "no sink is defined"),
  ])
  func aFaultIsReportedAtItsLineWithAHint(text: String, code: String, line: Int, hint: String) {
    let (_, diagnostics) = read(text, variables: ["KEY": SigningKey.random().secretText, "WEAK": "letmein"], lookUp: true)
    let errors = diagnostics.all.filter { $0.severity == .error }
    #expect(errors.map(\.code) == [code], "\(diagnostics.rendered())")
    #expect(errors.first?.range.line == line)
    #expect(errors.first?.hint?.contains(hint) == true, "\(errors.first?.hint ?? "no hint")")
    #expect(!diagnostics.rendered().contains("letmein"))
  }

  @Test func aDisabledSinkNeedsNeitherVariablesNorSecrets() {
    let text = Self.sink("url: ${NOWHERE}\nsecret: absent").replacing("enabled: true", with: "enabled: false")
    let (catalog, diagnostics) = read(text, lookUp: true)
    #expect(diagnostics.all == [], "\(diagnostics.rendered())")
    #expect(catalog.sinks.map(\.isEnabled) == [false])
  }

  @Test func twoSinksOfOneNameAndASinkWithoutRouteAreReported() {
    let one = "  - {name: a, type: webhook, enabled: true, url: 'https://example.com', secret: key}\n"
    let (catalog, diagnostics) = read("sinks:\n\(one)\(one)")
    #expect(diagnostics.all.map(\.code) == ["BW0405", "BW0404"])
    #expect(diagnostics.errorCount == 1)
    #expect(catalog.sinks.count == 1)
  }
}

@Suite struct RoutingTests {
  private func levels(_ catalog: SinkCatalog, _ alerts: [Alert]) -> [String: [Alert.Level]] {
    Dictionary(uniqueKeysWithValues: catalog.parcels(of: alerts).map { ($0.sink.name, $0.heard.map { alerts[$0].level }) })
  }

  private static func sink(_ name: String, _ level: Alert.Level = .medium) -> Sink {
    Sink(name: name, url: "https://example.com", secrets: ["key"], minimumLevel: level)
  }

  @Test(arguments: [Alert.Level.context, .low]) func aSmallThingNeverAlertsAlone(level: Alert.Level) {
    let catalog = SinkCatalog(single: Sink(name: "a", url: "https://example.com", secrets: ["key"], minimumLevel: .context))
    #expect(levels(catalog, [Sample.alert(level), Sample.alert(level)]).isEmpty)
    #expect(levels(catalog, [Sample.alert(level), Sample.alert(.medium)]) == ["a": [level, .medium]])
  }

  @Test func routesAndLevelsDecideWhoHears() {
    let catalog = SinkCatalog(
      sinks: [Self.sink("all"), Self.sink("grave", .high), Self.sink("growth"), Self.sink("nobody")],
      routes: [
        Route(sinks: ["all"]), Route(abouts: [.risk], minimumLevel: .high, sinks: ["grave"]),
        Route(abouts: [.expansion], sinks: ["growth"]),
      ])
    #expect(levels(catalog, [Sample.alert(.medium)]) == ["all": [.medium]])
    #expect(levels(catalog, [Sample.alert(.high)]) == ["all": [.high], "grave": [.high]])
    #expect(
      levels(catalog, [Sample.alert(.critical), Sample.alert(.medium, about: .expansion)])
        == ["all": [.critical, .medium], "grave": [.critical], "growth": [.medium]])
  }

  @Test func aDisabledSinkHearsNothing() {
    var sink = Self.sink("a")
    sink.isEnabled = false
    #expect(levels(SinkCatalog(single: sink), [Sample.alert(.critical)]).isEmpty)
  }
}
