internal import Events

/// The type of an expression.
package enum ExpressionType: Hashable, Sendable {
  case number
  /// A number that people read in per cent; mixes freely with `number`.
  case percent
  case duration
  /// Minor units of the account's currency.
  case money
  case text
  case flag
  case instant
  case choice(Choice)
  case list
  /// The type of a part whose fault is already reported; fits everywhere, so that one fault is named once.
  case unknown

  /// The words a value may be.
  package struct Choice: Hashable, Sendable {
    package let words: [String]
    /// Whether later words are greater, so that `<` and `>=` make sense.
    package let isOrdered: Bool
  }

  /// The type of a stored field; nil for objects and lists of objects, which no expression holds.
  init?(_ type: EventSchema.FieldType) {
    switch type {
    case .text: self = .text
    case .integer, .number: self = .number
    case .money: self = .money
    case .flag: self = .flag
    case .instant: self = .instant
    case .choice(let words): self = .choice(Choice(words: words, isOrdered: false))
    case .list(.text): self = .list
    case .price, .list, .object, .names: return nil
    }
  }

  var isNumeric: Bool { self == .number || self == .percent }

  /// Whether values of both can be compared or stand for one another.
  func fits(_ other: ExpressionType) -> Bool {
    if self == .unknown || other == .unknown { return true }
    if isNumeric && other.isNumeric { return true }
    switch (self, other) {
    case (.choice, .text), (.text, .choice): return true
    default: return self == other
    }
  }

  /// As messages name it.
  var description: String {
    switch self {
    case .number: "a number"
    case .percent: "a percentage"
    case .duration: "a duration"
    case .money: "an amount of money"
    case .text: "a text"
    case .flag: "a condition"
    case .instant: "a point in time"
    case .choice(let choice): choice.words.count <= 8 ? "one of \(choice.words.joined(separator: ", "))" : "a word"
    case .list: "a list of texts"
    case .unknown: "unknown"
    }
  }
}
