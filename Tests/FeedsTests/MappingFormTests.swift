import ConfigFiles
import Events
import Feeds
import Testing
import Transport

/// Forms of values that stand in no older feed.
@Suite struct MappingFormTests {
  private let now = instant("2026-03-10T12:00:00Z")

  /// The one record that a mapping of the given kind makes of an object.
  private func mapped(_ kind: String, _ fields: String, _ object: JSON) throws -> JSON {
    let feed = try connector(
      """
      name: example
      base_url: https://api.example.com
      streams:
        - name: things
          request: { path: /things }
          records: data
          map: [{ kind: \(kind), id: id, at: <Date>, fields: { \(fields) } }]
      """)
    var walk = try walk(feed)
    let records = try run(&walk, now: now) { _ in answer(["data": [object.with(["id": "1"])]], date: now) }
    return try #require(records.first).json
  }

  @Test(arguments: [
    ("a;c", "champion"), ("c;a", "champion"), (" c ; b ", "billing"), ("d", "user"), ("ab", "user"), ("", nil), ("c;", "decision_maker"),
  ])
  func theFirstWordOfSeveralCounts(text: String, role: String?) throws {
    let form = #"role: { path: roles, split: ";", words: { a: champion, b: billing, c: decision_maker }, else: user }"#
    #expect(try mapped("contact", form, ["roles": .text(text)])["role"] == JSON(role))
  }

  @Test(arguments: [
    ("https://www.Acme.example/about", "acme.example"), ("acme.example", "acme.example"), ("www.acme.example:8080", "acme.example"),
    ("http://shop.acme.example?x=1", "shop.acme.example"), ("localhost", nil), ("", nil), ("n/a", nil), ("https://", nil),
  ])
  func aDomainIsAHostWithoutItsDress(address: String, domain: String?) throws {
    #expect(try mapped("account", "domain: { domain: website }", ["website": .text(address)])["domain"] == JSON(domain))
  }

  @Test func listsAreJoinedAndTheirElementsChosen() throws {
    let type = "{ path: kind, words: { tax: tax }, else: recurring }"
    let form = "lines: { each: { lists: [lines, taxes] }, when: { kind: { not: note } }, amount: amount, type: \(type) }"
    let found = try mapped(
      "invoice", form, ["lines": [["amount": 1, "kind": "x"], ["amount": 2, "kind": "note"]], "taxes": [["amount": 3, "kind": "tax"]]])
    #expect(found["lines"] == [["amount": 1, "type": "recurring"], ["amount": 3, "type": "tax"]])
    #expect(try mapped("invoice", form, ["taxes": []])["lines"] == [])
    #expect(try mapped("invoice", form, [:])["lines"].isNull, "no list at all is not an empty one")
  }

  @Test(arguments: [
    "role: { split: \";\", words: { a: champion } }", "role: { path: roles, split: \";\", words: { a: chmpion } }",
    "role: { path: roles, split: \";\", wrds: { a: champion } }", "name: { domian: website }",
  ])
  func whatIsMisspeltIsReported(fields: String) throws {
    var diagnostics = Diagnostics()
    let text = """
      name: example
      base_url: https://api.example.com
      streams:
        - { name: a, request: { path: /a }, records: ., map: [{ kind: contact, id: id, at: at, fields: { \(fields) } }] }
      """
    #expect(Connector(file: SourceFile(path: "x.yaml", text: text), environment: Environment([:]), into: &diagnostics) == nil)
    #expect(!diagnostics.isEmpty)
  }
}
