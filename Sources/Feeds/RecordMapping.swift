package import Events

/// A record that did not fit; the others of its page are kept.
package struct RejectedRecord: Hashable, Sendable {
  package let stream: String
  package let kind: Kind
  /// The source's id, where it could be read.
  package let sourceID: String?
  /// The field: `subscription.items[0].quantity`.
  package let path: String
  package let message: String
}

extension RejectedRecord: CustomStringConvertible {
  package var description: String { "\(stream) \(sourceID ?? "without an id"): \(path): \(message)" }
}

/// How one kind of record is made from a vendor's. A class, since it is large, never changes, and is looked at for every record.
final class RecordMapping: Sendable {
  let kind: Kind
  /// Read at the record's root.
  let when: Condition?
  /// The part that the other paths start from, or the list that holds one record per element.
  let base: Base
  let id: Expression
  let at: Expression
  let account: Expression?
  let person: Expression?
  let fields: [FieldMapping]

  init(
    kind: Kind, when: Condition?, base: Base, id: Expression, at: Expression, account: Expression?, person: Expression?,
    fields: [FieldMapping]
  ) {
    (self.kind, self.when, self.base, self.id, self.at) = (kind, when, base, id, at)
    (self.account, self.person, self.fields) = (account, person, fields)
  }

  enum Base: Sendable {
    case root
    case part(Expression)
    case each(Expression)
  }

  /// Adds the records that a vendor's record holds under this mapping: none, one, or with `each` one per element.
  func map(_ scope: Scope, into page: inout MappedPage, system: String, stream: String) {
    if let when, !when.holds(in: scope) { return }
    switch base {
    case .root: mapOne(scope, into: &page, system: system, stream: stream)
    case .part(let part): mapOne(scope.entering(part.evaluate(in: scope)), into: &page, system: system, stream: stream)
    case .each(let list):
      for element in list.evaluate(in: scope).list ?? [] where !element.isNull {
        mapOne(scope.entering(element), into: &page, system: system, stream: stream)
      }
    }
  }

  private func mapOne(_ scope: Scope, into page: inout MappedPage, system: String, stream: String) {
    let id = id.evaluate(in: scope).scalarText
    do throws(FieldError) {
      guard let id else { throw FieldError(path: "\(kind.rawValue).id", message: "an id expected") }
      guard let at = try EventSchema.FieldType.instant(at.evaluate(in: scope), at: "\(kind.rawValue).at") else {
        throw FieldError(path: "\(kind.rawValue).at", message: "a time expected")
      }
      let account = try text(account, "account", scope)
      let person = try text(person, "person", scope)
      var values = [String: Value](minimumCapacity: fields.count)
      for field in fields {
        if let value = try field.shape.value(in: scope, at: { "\(kind.rawValue).\(field.name)" }) { values[field.name] = value }
      }
      page.records.append(Record(kind: kind, id: id, at: at, system: system, account: account, person: person, fields: values))
    } catch {
      page.rejected.append(RejectedRecord(stream: stream, kind: kind, sourceID: id, path: error.path, message: error.message))
    }
  }

  private func text(_ expression: Expression?, _ name: String, _ scope: Scope) throws(FieldError) -> String? {
    guard let expression else { return nil }
    return try EventSchema.FieldType.text(expression.evaluate(in: scope), at: "\(kind.rawValue).\(name)")
  }
}

/// What a page of a vendor's records became.
struct MappedPage: Sendable {
  var records: [Record] = []
  var rejected: [RejectedRecord] = []
}

/// A field of a record or of an object in it.
struct FieldMapping: Sendable {
  let name: String
  let shape: FieldShape
}

/// How a field's value is put together.
indirect enum FieldShape: Sendable {
  case value(Expression, EventSchema.FieldType)
  case object([FieldMapping])
  /// Free names, each with its text.
  case names([(name: String, value: Expression)])
  /// A list with one element for each of the vendor's for which the condition holds.
  case each(Expression, when: Condition?, FieldShape)

  /// The value, or nil where nothing is known of it.
  func value(in scope: Scope, at path: () -> String) throws(FieldError) -> Value? {
    switch self {
    case .value(let expression, let type): return try type.cast(expression.evaluate(in: scope), at: path())
    case .object(let fields):
      var members: [String: Value] = [:]
      for field in fields { members[field.name] = try field.shape.value(in: scope, at: { "\(path()).\(field.name)" }) }
      return members.isEmpty ? nil : .object(members)
    case .names(let pairs):
      var members: [String: Value] = [:]
      for pair in pairs { members[pair.name] = pair.value.evaluate(in: scope).scalarText.map(Value.text) }
      return members.isEmpty ? nil : .object(members)
    case .each(let list, let wanted, let shape):
      let found = list.evaluate(in: scope)
      if found.isNull { return nil }
      var values: [Value] = []
      for (index, element) in (found.list ?? [found]).enumerated() where !element.isNull {
        let inner = scope.entering(element)
        guard wanted?.holds(in: inner) ?? true else { continue }
        if let value = try shape.value(in: inner, at: { "\(path())[\(index)]" }) { values.append(value) }
      }
      return .list(values)
    }
  }
}

extension Connector.Stream {
  /// The page's records, or nil where the answer does not hold the list it should.
  func records(in answer: JSON) -> [JSON]? {
    switch selection {
    case .list(let path): path.value(in: answer).list
    case .rows(let columns, let rows):
      columns.value(in: answer).list == nil ? nil : rows.value(in: answer).list
    }
  }

  /// Maps a page's records; `records` are those that `records(in:)` gave.
  func map(_ records: [JSON], of answer: JSON, answerDate: Instant, system: String) -> MappedPage {
    var page = MappedPage()
    page.records.reserveCapacity(records.count)
    var scope = Scope(root: .null, current: .null, answerDate: answerDate)
    if case .rows(let columns, _) = selection {
      scope.isRow = true
      scope.columns = Self.columns(columns.value(in: answer).list ?? [], of: paths)
    }
    for record in records {
      if scope.isRow {
        scope.row = record.list ?? []
      } else {
        scope.root = record
        scope.current = record
      }
      for mapping in mappings { mapping.map(scope, into: &page, system: system, stream: name) }
    }
    return page
  }

  /// Reads a path in the records of an answer, be they objects or rows.
  func reader(of path: JSONPath, in answer: JSON) -> FieldReader {
    guard case .rows(let columns, _) = selection else { return FieldReader(path: path, column: nil, isRow: false) }
    let value = ValuePath(path: path, isFromRoot: true, slot: 0)
    return FieldReader(path: path, column: Self.columns(columns.value(in: answer).list ?? [], of: [value])[0], isRow: true)
  }

  /// Where each path begins in a row: the column with the path's whole name, else the one named by the most of its first steps.
  static func columns(_ names: [JSON], of paths: [ValuePath]) -> [Scope.Column?] {
    var places: [String: Int] = [:]
    for (index, name) in names.enumerated() { if let name = name.text { places[name] = index } }
    return paths.map { path in
      let steps = path.path.steps
      for count in stride(from: steps.count, to: 0, by: -1) {
        if let index = places[steps[..<count].map(\.name).joined(separator: ".")] { return Scope.Column(index: index, steps: count) }
      }
      return nil
    }
  }
}

/// One path in the records of one answer.
struct FieldReader {
  let path: JSONPath
  let column: Scope.Column?
  let isRow: Bool

  func value(in record: JSON) -> JSON {
    guard isRow else { return path.value(in: record) }
    guard let column, let row = record.list, column.index < row.count else { return .null }
    return path.value(in: row[column.index], from: column.steps)
  }
}
