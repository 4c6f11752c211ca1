import Events
import Foundation
import Testing

/// What RevOps asks before a rule is changed.
@Suite struct DiffTests {
  private static func account(_ name: String, seats: Int) -> String {
    """
    {"kind":"account","id":"\(name)","at":"2026-01-01T00:00:00Z","name":"\(name)","status":"customer"}
    {"kind":"subscription","id":"s-\(name)","at":"2026-01-02T00:00:00Z","account":"\(name)","status":"active",\
    "items":[{"id":"i","plan":"team","quantity":\(seats),"unit_amount":5000,"currency":"usd","interval":"month","interval_count":1,\
    "metered":false}],"started_at":"2026-01-02T00:00:00Z"}

    """
  }

  private static func rules(many: Int, level: String, _ more: String = "") -> String {
    """
    rules:
      - id: many_seats
        about: risk
        category: usage
        title: "{{ seats }} seats"
        when: seats > \(many)
        level: \(level)
        action: "Call."
    \(more)
    tiers:
      - tier: medium
        when: seats > \(many)
      - tier: low
        when: true

    """
  }

  @Test func `it tells who would enter and leave, what would open and close, and writes nothing`() async throws {
    let folder = try TemporaryFolder()
    let config = try folder.copyConfiguration()
    try FileManager.default.removeItem(atPath: folder.path("config/rules"))
    let small = "  - { id: few_seats, about: risk, category: usage, title: few, when: seats < 10, level: low, action: Call. }"
    try folder.write(Self.rules(many: 50, level: "high", small), to: "config/rules/a.yaml")
    try folder.write(Self.rules(many: 15, level: "critical"), to: "other/b.yaml")
    let store = folder.path("a.sqlite")
    let lines = Self.account("Alder", seats: 5) + Self.account("Birch", seats: 20) + Self.account("Cedar", seats: 90)
    let imported = try await folder.bellwether(
      "import", try folder.write(lines, to: "company.jsonl"), "--config", config, "--store", store)
    #expect(imported.exit == .status(0), "\(imported.errors)")
    let before = try await folder.bellwether("queue", "--all", "--store", store).output

    let answer = try await folder.bellwether("diff", "--rules", "other", "--store", store, "--json")
    #expect(answer.exit == .status(0), "\(answer.errors)")
    let difference = try JSON(parsing: answer.output)
    #expect(difference["accounts"].integer == 3)
    let bands = difference["bands"].object ?? [:]
    let entering = bands.values.reduce(0) { $0 + ($1["enter"].list?.count ?? 0) }
    let leaving = bands.values.reduce(0) { $0 + ($1["leave"].list?.count ?? 0) }
    #expect(entering == leaving && entering == 2, "\(answer.output)")
    #expect(difference["tiers"]["medium"]["now"].integer == 1 && difference["tiers"]["medium"]["then"].integer == 2)
    let changes = difference["changes"].list ?? []
    #expect(changes.map { $0["name"].text } == ["Alder", "Birch", "Cedar"])
    #expect(changes.first?["closes"][0].text == "few_seats")
    #expect(changes.dropFirst().first?["opens"][0]["finding"].text == "many_seats")
    #expect(changes.last?["other_level"][0]["then"].text == "critical")

    let text = try await folder.bellwether("diff", "--rules", "other", "--store", store).output
    #expect(text.contains("Rules left out: few_seats") && text.contains("+ many_seats (critical)"), "\(text)")
    #expect(text.contains("− few_seats") && text.contains("many_seats: high → critical"), "\(text)")
    let same = try await folder.bellwether("diff", "--rules", config, "--store", store).output
    #expect(same.contains("Nothing would change for any account."), "\(same)")
    #expect(try await folder.bellwether("queue", "--all", "--store", store).output == before)
  }

  @Test func `faults in the other rules are told, and a folder without rules is named`() async throws {
    let folder = try TemporaryFolder()
    let config = try folder.copyConfiguration()
    let store = folder.path("a.sqlite")
    _ = try await folder.bellwether(
      "import", try folder.write(Self.account("Alder", seats: 5), to: "company.jsonl"), "--config", config, "--store", store)
    try folder.write(Self.rules(many: 15, level: "hgih"), to: "other/b.yaml")
    let broken = try await folder.bellwether("diff", "--rules", "other", "--store", store)
    #expect(broken.exit == .status(1) && broken.errors.contains("rules/b.yaml:7:12: error[BW0109]"), "\(broken.errors)")
    try FileManager.default.createDirectory(atPath: folder.path("empty"), withIntermediateDirectories: true)
    let empty = try await folder.bellwether("diff", "--rules", "empty", "--store", store)
    #expect(empty.exit == .status(1) && empty.errors.contains("there are no rule files in it"), "\(empty.errors)")
  }
}
