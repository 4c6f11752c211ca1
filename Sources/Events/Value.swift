/// The value of a record's field, of the type its schema names.
package indirect enum Value: Hashable, Sendable {
  case text(String)
  case integer(Int64)
  case number(Fixed)
  case price(Rational)
  case flag(Bool)
  case instant(Instant)
  case list([Value])
  case object([String: Value])

  package var text: String? { if case .text(let value) = self { value } else { nil } }
  package var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
  package var number: Fixed? {
    switch self {
    case .number(let value): value
    case .integer(let value): Fixed(value)
    default: nil
    }
  }
  package var flag: Bool? { if case .flag(let value) = self { value } else { nil } }
  package var instant: Instant? { if case .instant(let value) = self { value } else { nil } }
  package var list: [Value]? { if case .list(let value) = self { value } else { nil } }
  package subscript(name: String) -> Value? { if case .object(let members) = self { members[name] } else { nil } }
}

/// Why a value does not fit its field.
package struct FieldError: Error, Hashable, CustomStringConvertible {
  /// Where in the record: `subscription.items[0].quantity`.
  package let path: String
  package let message: String

  package init(path: String, message: String) {
    self.path = path
    self.message = message
  }

  package var description: String { "\(path): \(message)" }
}

extension EventSchema.FieldType {
  /// The value a JSON value stands for, or nil for null; the type decides how it is read.
  package func decode(_ json: JSON, at path: String) throws(FieldError) -> Value? {
    if json.isNull { return nil }
    switch self {
    case .text:
      guard let text = json.scalarText else { throw FieldError(path: path, message: "text expected") }
      return .text(text)
    case .integer, .money:
      if let integer = json.integer { return .integer(integer) }
      guard let text = json.scalarText, let integer = Int64(text) else { throw FieldError(path: path, message: "a whole number expected") }
      return .integer(integer)
    case .number:
      guard let text = json.scalarText, let number = Fixed(text) else { throw FieldError(path: path, message: "a number expected") }
      return .number(number)
    case .price:
      guard let text = json.scalarText, let price = Rational(decimal: text) else {
        throw FieldError(path: path, message: "a price in minor units expected, such as 1999 or \"0.25\"")
      }
      return .price(price)
    case .flag:
      guard let flag = json.flag else { throw FieldError(path: path, message: "true or false expected") }
      return .flag(flag)
    case .instant:
      guard let text = json.text, let instant = Instant(iso8601: text) else {
        throw FieldError(path: path, message: "an ISO 8601 time expected, such as 2026-01-31T08:00:00Z")
      }
      return .instant(instant)
    case .choice(let words):
      guard let word = json.text, words.contains(word) else {
        throw FieldError(path: path, message: "one of \(words.joined(separator: ", ")) expected, not \(json.serialized())")
      }
      return .text(word)
    case .list(let element):
      guard let elements = json.list else { throw FieldError(path: path, message: "a list expected") }
      var values: [Value] = []
      for (index, item) in elements.enumerated() {
        if let value = try element.decode(item, at: "\(path)[\(index)]") { values.append(value) }
      }
      return .list(values)
    case .object(let fields):
      return .object(try decodeMembers(of: json, fields, at: path))
    case .names:
      guard let members = json.object else { throw FieldError(path: path, message: "names and texts expected") }
      var values: [String: Value] = [:]
      for name in members.keys.sorted() {
        if let json = members[name], let value = try Self.text.decode(json, at: "\(path).\(name)") { values[name] = value }
      }
      return .object(values)
    }
  }
}

/// Decodes an object's members by name; a name the schema does not know is an error.
func decodeMembers(of json: JSON, _ fields: [EventSchema.Field], at path: String) throws(FieldError) -> [String: Value] {
  guard let members = json.object else { throw FieldError(path: path, message: "an object expected") }
  for name in members.keys.sorted() where !fields.contains(where: { $0.name == name }) {
    throw FieldError(path: "\(path).\(name)", message: "unknown field; known are \(fields.map(\.name).joined(separator: ", "))")
  }
  var values: [String: Value] = [:]
  for field in fields {
    if let json = members[field.name], let value = try field.type.decode(json, at: "\(path).\(field.name)") { values[field.name] = value }
  }
  return values
}

extension Value {
  /// The JSON that `FieldType.decode` reads back to an equal value.
  package var json: JSON {
    switch self {
    case .text(let text): .text(text)
    case .integer(let integer): .integer(integer)
    case .number(let number): JSON(number)
    case .price(let price): Int64(price.decimalText).map(JSON.integer) ?? .text(price.decimalText)
    case .flag(let flag): .flag(flag)
    case .instant(let instant): JSON(instant)
    case .list(let elements): .list(elements.map(\.json))
    case .object(let members): .object(members.mapValues(\.json))
    }
  }
}

extension Rational {
  /// Plain decimals; exact for what `init(decimal:)` can read.
  var decimalText: String {
    var scale: Int128 = 1
    var places = 0
    while scale % denominator != 0, places < 30 {
      scale *= 10
      places += 1
    }
    let digits = padded((numerator * (scale / denominator)).magnitude, places + 1)
    let sign = numerator < 0 ? "-" : ""
    return places == 0 ? sign + digits : sign + digits.dropLast(places) + "." + digits.suffix(places)
  }
}
