internal import Events

/// A path in a mapping: from the current object, or with a leading `/` from the record's root.
///
/// `slot` is its place in the stream's table of paths, by which a page of rows finds its column once and not once a row.
struct ValuePath: Hashable, Sendable {
  let path: JSONPath
  let isFromRoot: Bool
  let slot: Int
}

/// How a value is taken from a record.
indirect enum Expression: Sendable {
  case path(ValuePath)
  /// The answer's `Date`, written `<Date>`.
  case answerDate
  case constant(JSON)
  /// The first that has a value.
  case firstOf([Expression])
  /// The word that the value stands for.
  case lookup(Expression, words: [String: JSON], otherwise: JSON)
  /// The first of the words that stands in a text of several, which a separator parts.
  case lookupAmong(Expression, separator: Character, words: [(theirs: String, ours: JSON)], otherwise: JSON)
  case conditional(Condition, then: Expression, otherwise: Expression?)
  /// Whether a condition holds.
  case test(Condition)
  /// Those texts that have a value, with spaces between.
  case join([Expression])
  /// The first text of a list that begins with a prefix, without it.
  case withPrefix(Expression, prefix: String)
  /// Text without markup.
  case plainText(Expression)
  /// An amount in whole units of its currency, in minor units.
  case majorUnits(Expression, currency: Expression?)
  /// The host of a web address, without `www.`.
  case domain(Expression)
  /// The elements of several lists, one list after the other.
  case joinedLists([Expression])
}

/// What a condition asks of one value.
enum Test: Sendable {
  case equals([String])
  case differs([String])
  case startsWith(String)
  /// A list that holds one of these, or a text that contains one.
  case contains([String])
  case lessThan(Fixed)
  case present(Bool)
}

/// A condition of `when:` and `if:`.
indirect enum Condition: Sendable {
  case all([Condition])
  case any([Condition])
  case value(Expression, Test)
}

/// What an expression is evaluated against: one record, or one element of a list in it.
struct Scope {
  /// The record; null where it is a row.
  var root: JSON
  var current: JSON
  /// A row's values and, by path slot, where each path begins in it.
  var row: [JSON] = []
  var columns: [Column?] = []
  var isRow = false
  let answerDate: Instant

  /// A column, and how many steps of the path its name took.
  struct Column: Sendable {
    let index: Int
    let steps: Int
  }

  func value(at path: ValuePath) -> JSON {
    if isRow, path.isFromRoot || current == .null {
      guard let column = columns[path.slot], column.index < row.count else { return .null }
      return column.steps == path.path.steps.count ? row[column.index] : path.path.value(in: row[column.index], from: column.steps)
    }
    return path.path.value(in: path.isFromRoot ? root : current)
  }

  /// The scope of an element of a list in the record, or of a part of it.
  func entering(_ element: JSON) -> Scope {
    var scope = self
    scope.current = element
    return scope
  }
}

extension Expression {
  /// The value; null where there is none. An empty text is none: vendors clear a property by emptying it.
  func evaluate(in scope: Scope) -> JSON {
    switch self {
    case .path(let path):
      let value = scope.value(at: path)
      return value.isEmptyText ? .null : value
    case .answerDate: return JSON(scope.answerDate)
    case .constant(let value): return value
    case .firstOf(let choices):
      for choice in choices {
        let value = choice.evaluate(in: scope)
        if !value.isNull, value != .list([]) { return value }
      }
      return .null
    case .lookup(let expression, let words, let otherwise):
      guard let word = expression.evaluate(in: scope).scalarText else { return .null }
      return words[word] ?? otherwise
    case .lookupAmong(let expression, let separator, let words, let otherwise):
      guard let text = expression.evaluate(in: scope).scalarText else { return .null }
      let found = text.split(separator: separator).map(PlainText.trimmed)
      return words.first { found.contains($0.theirs) }?.ours ?? otherwise
    case .conditional(let condition, let then, let otherwise):
      return condition.holds(in: scope) ? then.evaluate(in: scope) : otherwise?.evaluate(in: scope) ?? .null
    case .test(let condition): return .flag(condition.holds(in: scope))
    case .join(let parts):
      let texts = parts.compactMap { $0.evaluate(in: scope).scalarText }
      return texts.isEmpty ? .null : .text(texts.joined(separator: " "))
    case .withPrefix(let list, let prefix):
      let texts = list.evaluate(in: scope).list ?? []
      for text in texts.lazy.compactMap(\.text) where text.hasPrefix(prefix) { return .text(String(text.dropFirst(prefix.count))) }
      return .null
    case .plainText(let expression): return JSON(expression.evaluate(in: scope).scalarText.map(PlainText.strip))
    case .majorUnits(let amount, let currency):
      return MinorUnits.of(amount.evaluate(in: scope), currency: currency?.evaluate(in: scope).text)
    case .domain(let address): return JSON(address.evaluate(in: scope).text.flatMap(WebAddress.domain))
    case .joinedLists(let lists):
      let elements = lists.compactMap { $0.evaluate(in: scope).list }
      return elements.isEmpty ? .null : .list(elements.flatMap { $0 })
    }
  }
}

extension Condition {
  func holds(in scope: Scope) -> Bool {
    switch self {
    case .all(let conditions): conditions.allSatisfy { $0.holds(in: scope) }
    case .any(let conditions): conditions.contains { $0.holds(in: scope) }
    case .value(let expression, let test): test.holds(for: expression.evaluate(in: scope))
    }
  }
}

extension Test {
  fileprivate func holds(for value: JSON) -> Bool {
    switch self {
    case .equals(let words): value.scalarText.map(words.contains) ?? false
    case .differs(let words): value.scalarText.map { !words.contains($0) } ?? true
    case .startsWith(let prefix): value.text?.hasPrefix(prefix) ?? false
    case .contains(let words):
      switch value {
      case .list(let elements): elements.contains { element in element.scalarText.map(words.contains) ?? false }
      case .text(let text): words.contains { text.contains($0) }
      default: false
      }
    case .lessThan(let bound): value.scalarText.flatMap { Fixed($0) }.map { $0 < bound } ?? false
    case .present(let expected): !value.isNull == expected
    }
  }
}
