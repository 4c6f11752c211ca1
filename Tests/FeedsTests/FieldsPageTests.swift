import Events
import Foundation
import Testing

/// The page of kinds and fields says what the schema says.
@Suite struct FieldsPageTests {
  @Test(arguments: Kind.allCases) func namesEveryFieldAndWord(kind: Kind) throws {
    let page = try String(contentsOf: repository.appendingPathComponent("docs/connectors/fields.md"), encoding: .utf8)
    let row = try #require(page.split(separator: "\n").first { $0.hasPrefix("| `\(kind.rawValue)` |") })
    let wanted = Self.names(EventSchema.fields(of: kind).filter { $0.name != "person" })
    let said = row.split(separator: "`").enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }.dropFirst()
    #expect(Array(said) == wanted)
  }

  /// Fields in order, each followed by its words or its own fields.
  private static func names(_ fields: [EventSchema.Field]) -> [String] { fields.flatMap { [$0.name] + names($0.type) } }

  private static func names(_ type: EventSchema.FieldType) -> [String] {
    switch type {
    case .choice(let words): words
    case .list(let element): names(element)
    case .object(let fields): names(fields)
    default: []
    }
  }
}
