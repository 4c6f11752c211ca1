import Events
import Foundation
import Simulation
import Testing

/// `bellwether check` as the person meets it who has just edited the configuration.
@Suite struct CheckTests {
  /// A mistake made in the shipped configuration, and what is to be said of it.
  struct Fault: Sendable {
    let name: String
    let file: String
    let was: String
    let becomes: String
    /// Under the caret; within `context`, where the word alone would not be enough to find it.
    let marked: String
    var context: String?
    /// Where it is reported, if elsewhere.
    var reportedIn: String?
    let code: String
    let hint: String
  }

  static let faults = [
    Fault(
      name: "unknown key", file: "bellwether.yaml", was: "console:\n", becomes: "consle:\n", marked: "consle", code: "BW0105",
      hint: "did you mean console?"),
    Fault(
      name: "misspelt function", file: "rules/usage.yaml", was: "drop: -adjusted(", becomes: "drop: -adjustd(", marked: "adjustd",
      code: "BW1012", hint: "did you mean adjusted?"),
    Fault(
      name: "wrong type", file: "rules/billing.yaml", was: "when: failed > 0 or overdue > 0", becomes: "when: failed or overdue > 0",
      marked: "failed", context: "when: failed or overdue", code: "BW1025", hint: "compare it, for instance failed >= 1"),
    Fault(
      name: "unknown field", file: "rules/support.yaml", was: "count(ticket, came_back and", becomes: "count(ticket, came_bak and",
      marked: "came_bak", context: "ticket, came_bak and", code: "BW1011", hint: "did you mean came_back?"),
    Fault(
      name: "duplicate id", file: "rules/expansion.yaml", was: "- id: adjacent_intent", becomes: "- id: champion_left",
      marked: "champion_left", context: "- id: champion_left", reportedIn: "rules/people.yaml", code: "BW1030",
      hint: "rules/expansion.yaml:"),
    Fault(
      name: "missing secret of an enabled feed", file: "feeds/stripe.yaml", was: "enabled: false", becomes: "enabled: true",
      marked: "stripe_api_key", context: "bearer: stripe_api_key", code: "BW0111", hint: "STRIPE_API_KEY"),
    Fault(
      name: "bad duration", file: "feeds/posthog.yaml", was: "poll: ${POSTHOG_POLL:-15m}", becomes: "poll: 15 minuets",
      marked: "15 minuets", code: "BW0108", hint: "such as 90s, 12h or 28d"),
    Fault(
      name: "undefined sink", file: "sinks.yaml", was: "sinks: [team]", becomes: "sinks: [taem]", marked: "taem", code: "BW0401",
      hint: "did you mean team?"),
    Fault(
      name: "bad URL", file: "feeds/hubspot.yaml", was: "base_url: ${HUBSPOT_URL:-https://", becomes: "base_url: htps:// #",
      marked: "htps://", context: "base_url: htps://", code: "BW0201", hint: "https://host"),
    Fault(
      name: "YAML syntax error", file: "feeds/zendesk.yaml", was: "basic: { user: \"", becomes: "basic: { user: [\"", marked: "[",
      context: "basic: { user: [", code: "BW0101", hint: "close the bracket"),
  ]

  private struct Report {
    let place: String
    let code: String
    let isPointedAt: Bool
    let hint: String
  }

  @Test func `ten faults in ten places are told in one run, each with its line, a caret and a hint`() async throws {
    let folder = try TemporaryFolder()
    let config = try folder.copyConfiguration()
    for fault in Self.faults { try plant(fault, in: folder) }

    let answer = try await folder.bellwether("check", "--config", config)
    #expect(answer.exit == .status(1), "\(answer.errors)")
    let reports = try answer.output.split(separator: "\n\n").compactMap(report)
    #expect(reports.count == Self.faults.count, "\(answer.output)")
    for fault in Self.faults {
      let place = try place(of: fault, in: folder)
      let found = reports.first { $0.place == "\(config)/\(place)" }
      #expect(found?.code == fault.code, "\(fault.name) at \(place):\n\(answer.output)")
      #expect(found?.isPointedAt == true, "\(fault.name): no caret under it")
      #expect(found?.hint.contains(fault.hint) == true, "\(fault.name): \(found?.hint ?? "no hint")")
    }
    #expect(answer.output.contains("10 errors in"))
  }

  @Test func `the same faults as JSON`() async throws {
    let folder = try TemporaryFolder()
    let config = try folder.copyConfiguration()
    for fault in Self.faults { try plant(fault, in: folder) }

    let answer = try await folder.bellwether("check", "--config", config, "--json")
    #expect(answer.exit == .status(1))
    let list = try #require(try JSON(parsing: answer.output).list)
    #expect(list.count == Self.faults.count)
    for fault in Self.faults {
      let place = try place(of: fault, in: folder)
      let found = list.first { json in
        "\(config)/\(place)" == "\(json["file"].text ?? ""):\(json["line"].integer ?? 0):\(json["column"].integer ?? 0)"
      }
      #expect(found?["code"].text == fault.code, "\(fault.name) at \(place)")
      #expect(found?["severity"].text == "error" && found?["message"].text?.isEmpty == false)
      #expect(found?["hint"].text?.contains(fault.hint) == true)
      #expect(found?["source"].text?.contains(fault.marked) == true)
      #expect(found?["length"].integer ?? 0 > 0 && found?["docs"].text == "docs/rules/errors.md#\(fault.code.lowercased())")
    }
  }

  @Test(arguments: faults.indices)
  func `each fault alone is the only one told`(index: Int) async throws {
    let folder = try TemporaryFolder()
    let config = try folder.copyConfiguration()
    let fault = Self.faults[index]
    try plant(fault, in: folder)
    let answer = try await folder.bellwether("check", "--config", config)
    #expect(answer.exit == .status(1))
    let reports = try answer.output.split(separator: "\n\n").compactMap(report)
    #expect(reports.map(\.place) == ["\(config)/\(try place(of: fault, in: folder))"], "\(fault.name):\n\(answer.output)")
  }

  @Test func `the shipped configuration passes, and so it does with everything switched on and every secret set`() async throws {
    let folder = try TemporaryFolder()
    let config = try folder.copyConfiguration()
    let answer = try await folder.bellwether("check", "--config", config)
    #expect(answer.exit == .status(0), "\(answer.output)\(answer.errors)")
    #expect(answer.lines.count == 1 && answer.output.contains("is sound: "))
    let asJSON = try await folder.bellwether("check", "--config", config, "--json")
    #expect(asJSON.exit == .status(0) && asJSON.output == "[]\n")

    let other = try TemporaryFolder()
    let enabled = try other.copyConfiguration(enabling: ["sinks", "feeds/stripe", "feeds/hubspot", "feeds/zendesk", "feeds/posthog"])
    let secrets = SimulationServer.credentials.map { ($0.key.uppercased(), $0.value) }
    let site = [
      ("BELLWETHER_WEBHOOK_SECRET", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"), ("BELLWETHER_WEBHOOK_URL", "https://alerts.acme.example/in"),
      ("ZENDESK_URL", "https://acme.zendesk.com"), ("ZENDESK_EMAIL", "agent@acme.example"), ("POSTHOG_PROJECT", "7"),
    ]
    let full = try await other.bellwether(
      "check", "--config", enabled, environment: Dictionary(secrets + site) { first, _ in first })
    #expect(full.exit == .status(0), "\(full.output)")
    #expect(full.output.contains(" feeds (4 enabled), 1 sink (1 enabled)"))
  }

  @Test func `what only the company can know is asked for before anything is sent anywhere`() async throws {
    let folder = try TemporaryFolder()
    let config = try folder.copyConfiguration(enabling: ["sinks", "feeds/zendesk"])
    let secrets = ["ZENDESK_TOKEN": "zd", "BELLWETHER_WEBHOOK_SECRET": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"]
    let wanted = [("feeds/zendesk.yaml", "ZENDESK_URL"), ("feeds/zendesk.yaml", "ZENDESK_EMAIL"), ("sinks.yaml", "BELLWETHER_WEBHOOK_URL")]
    let places = try wanted.map { file, name in
      let lines = try folder.read("config/\(file)").components(separatedBy: "\n")
      let line = try #require(lines.firstIndex { !$0.hasPrefix("#") && $0.contains("${\(name)}") })
      let column = lines[line].components(separatedBy: "${\(name)}")[0].count + 1
      return "\(config)/\(file):\(line + 1):\(column): error[BW0110]: the variable \(name) is not set"
    }
    let check = try await folder.bellwether("check", "--config", config, environment: secrets)
    #expect(check.exit == .status(1))
    #expect(check.lines.filter { $0.contains(": error[") }.map(String.init) == places)
    for (_, name) in wanted { #expect(check.output.contains("hint: set \(name) in the environment")) }
    let start = try await folder.bellwether(
      "run", "--config", config, "--store", folder.path("a.sqlite"), "--port", "0", environment: secrets)
    #expect(start.exit == .status(1))
    for place in places { #expect(start.errors.contains(place)) }
    let dry = try await folder.bellwether("feeds", "poll", "zendesk", "--dry-run", "--config", config, environment: secrets)
    #expect(dry.exit == .status(1) && dry.errors.contains(places[0]) && dry.errors.contains(places[1]), "\(dry.errors)")

    // Whoever asks no vendor needs none of it: the daemon's environment is not that of a shell.
    let account = try folder.write(#"{"kind":"account","id":"a","at":"2026-01-01T00:00:00Z","name":"Alder"}"# + "\n", to: "a.jsonl")
    for arguments in [["import", account], ["feeds"], ["accounts"]] {
      let child = try Child(arguments + ["--config", config, "--store", folder.path("b.sqlite")], in: folder)
      #expect(await child.ended() == .status(0) && child.errorText.isEmpty, "\(arguments): \(child.errorText)")
    }

    let other = try TemporaryFolder()
    let off = try await other.bellwether(
      "feeds", "poll", "posthog", "--dry-run", "--config", try other.copyConfiguration(), environment: ["POSTHOG_API_KEY": "phx"])
    #expect(
      off.exit == .status(1) && off.errors.contains("the variable POSTHOG_PROJECT is not set"), "tried as if it were on: \(off.errors)")
  }

  @Test func `a folder that does not exist is named`() async throws {
    let folder = try TemporaryFolder()
    let answer = try await folder.bellwether("check", "--config", "nowhere")
    #expect(answer.exit != .status(0))
    #expect((answer.output + answer.errors).contains("nowhere"))
  }

  private func plant(_ fault: Fault, in folder: TemporaryFolder) throws {
    let text = try folder.read("config/\(fault.file)")
    let range = try #require(text.range(of: fault.was), "\(fault.file) has changed: plant \(fault.name) elsewhere")
    try folder.write(text.replacingCharacters(in: range, with: fault.becomes), to: "config/\(fault.file)")
  }

  /// `rules/usage.yaml:16:14`, counted in the file itself.
  private func place(of fault: Fault, in folder: TemporaryFolder) throws -> String {
    let file = fault.reportedIn ?? fault.file
    let text = try folder.read("config/\(file)")
    let context = try #require(text.range(of: fault.context ?? fault.marked))
    let spot = try #require(text[context].firstRange(of: fault.marked)?.lowerBound)
    let lines = text[..<spot].split(separator: "\n", omittingEmptySubsequences: false)
    return "\(file):\(lines.count):\((lines.last?.count ?? 0) + 1)"
  }

  /// Reads one fault as it is printed; nil for the summary.
  private func report(_ block: Substring) throws -> Report? {
    let lines = block.split(separator: "\n", omittingEmptySubsequences: false)
    guard let head = lines.first?.firstMatch(of: /^(.+:\d+:(\d+)): error\[(BW\d+)\]: ./) else { return nil }
    let column = try #require(Int(head.2))
    let source = lines.dropFirst().first?.firstMatch(of: /^ \d+ \| (.*)$/)
    let caret = lines.dropFirst(2).first?.firstMatch(of: /^ +\| ( *)\^+$/)
    let hint = lines.dropFirst(3).first?.firstMatch(of: /= hint: (.+)$/)
    return Report(
      place: String(head.1), code: String(head.3), isPointedAt: source != nil && caret.map { $0.1.count + 1 } == column,
      hint: hint.map { String($0.1) } ?? "")
  }
}
