internal import ConfigFiles
internal import Events

/// What names mean where an expression stands.
package struct ExpressionScope {
  /// Whether `case.*` may be read.
  package var hasCase: Bool
  /// Whether the expression is a flag's: it reads the figures of a cut, and nothing of an account.
  var hasFigures = false
  /// All rules, and what each is about.
  package var rules: [String: RuleSubjectMatter]
  /// The lexicons that `mentions` may name.
  var lexicons = Lexicons()
  /// The bindings above the expression, by name.
  var bindings: [String: Binding] = [:]

  package init(hasCase: Bool = false, rules: [String: RuleSubjectMatter] = [:]) {
    self.hasCase = hasCase
    self.rules = rules
  }

  struct Binding {
    let slot: Int
    let syntax: Syntax
    let node: TypedNode
    /// Where `define:` gives it to all rules, as `file:line`; nil for a rule's own.
    var definedAt: String?

    /// The slot of what no rule owns: it is computed where it stands.
    static let shared = -1
  }

  var bindingSyntax: [String: Syntax] { bindings.mapValues(\.syntax) }
}

/// Checks an expression against the schema and resolves its names; collects every fault.
struct Checker {
  let scope: ExpressionScope
  let bytes: [UInt8]
  var faults: [Fault] = []
  /// The kind whose rows a filter is being checked for.
  var row: Kind?

  /// The checked expression of a text, or nil and its faults.
  static func compile(
    _ text: String, in scope: ExpressionScope, expectingCondition: Bool = false
  ) -> (CompiledExpression?, Syntax, [Fault]) {
    let (syntax, parseFaults) = Parser.parse(text)
    var checker = Checker(scope: scope, bytes: Array(text.utf8), faults: parseFaults)
    let node = checker.node(syntax)
    if expectingCondition { checker.expectCondition(node, syntax) }
    let faults = checker.faults.sorted { ($0.range.lowerBound, $0.code.rawValue) < ($1.range.lowerBound, $1.code.rawValue) }
    return (faults.isEmpty ? CompiledExpression(text: text, root: node) : nil, syntax, faults)
  }

  mutating func fault(_ code: RuleCode, _ message: String, at range: Range<Int>, hint: String? = nil) {
    let fault = Fault(code, message, at: range, hint: hint)
    if !faults.contains(fault) { faults.append(fault) }
  }

  func source(_ range: Range<Int>) -> String { String(decoding: bytes[range.clamped(to: 0..<bytes.count)], as: UTF8.self) }

  func make(_ operation: Operation, _ type: ExpressionType, _ syntax: Syntax) -> TypedNode {
    TypedNode(operation, type, source: source(syntax.range))
  }

  /// What stands in for a part with a fault.
  func unknown(_ syntax: Syntax) -> TypedNode { make(.constant(.missing(.named("not checked"))), .unknown, syntax) }

  mutating func node(_ syntax: Syntax) -> TypedNode {
    switch syntax.form {
    case .number(let value, let isPercent): make(.constant(.number(value)), isPercent ? .percent : .number, syntax)
    case .duration(let span): make(.constant(.duration(span)), .duration, syntax)
    case .text(let text): make(.constant(.text(text)), .text, syntax)
    case .flag(let flag): make(.constant(.flag(flag)), .flag, syntax)
    case .name(let name): self.name(name, syntax)
    case .list, .fault: unknown(syntax)
    case .call(let function, let nameRange, let arguments): call(function, nameRange, arguments, syntax)
    case .negate(let operand): negation(operand, syntax)
    case .not(let operand): make(.not(condition(operand)), .flag, syntax)
    case .binary(let sign, let left, let right): binary(sign, left, right, syntax)
    case .membership(let value, let items): membership(value, items, syntax)
    case .contains(let value, let items): contains(value, items, syntax)
    case .presence(let value, let isKnown): make(.presence(node(value), isKnown: isKnown), .flag, syntax)
    case .lasting(let condition, let span): lasting(condition, span, syntax)
    case .occurring(let condition, let span): occurring(condition, span, syntax)
    }
  }

  mutating func condition(_ syntax: Syntax) -> TypedNode {
    let node = node(syntax)
    expectCondition(node, syntax)
    return node
  }

  mutating func expectCondition(_ node: TypedNode, _ syntax: Syntax) {
    guard !node.type.fits(.flag) else { return }
    fault(
      .conditionExpected, "a condition is expected here, not \(node.type.description)", at: syntax.range,
      hint: node.type.isNumeric ? "compare it, for instance \(source(syntax.range)) >= 1" : nil)
  }

  // MARK: Names

  private mutating func name(_ name: String, _ syntax: Syntax) -> TypedNode {
    if let node = resolve(name, syntax) { return node }
    let head = String(name.prefix { $0 != "." })
    if UsageSource(name) != nil || RuleSchema.rowKind(head) != nil {
      fault(
        .unknownName, "\(name) stands for many records, not for one value", at: syntax.range,
        hint: "aggregate it, for instance count(\(name), 28d)")
    } else if head == "account", name != head {
      fault(
        .unknownField, "\(name) is not known", at: syntax.range,
        hint: suggestion(for: name, among: RuleSchema.accountFieldNames + ["account.age", "account.notice_in"]))
    } else if let row {
      fault(
        .unknownField, "\(name) is neither a field of \(row.rawValue) nor a name known here", at: syntax.range,
        hint: nearest(name, among: RuleSchema.fieldNames(of: row) + names).map { "did you mean \($0)?" }
          ?? "fields of \(row.rawValue): \(RuleSchema.fieldNames(of: row).joined(separator: ", "))")
    } else {
      fault(
        .unknownName, "\(name) is not known here", at: syntax.range,
        hint: nearest(name, among: names + ["true", "false"] + Self.sources + RuleSchema.accountFieldNames).map { "did you mean \($0)?" }
          ?? suggestion(for: name, among: names))
    }
    return unknown(syntax)
  }

  /// The names that stand for a value outside rows, sorted.
  private var names: [String] {
    scope.bindings.keys.sorted()
      + (scope.hasFigures ? Figure.allCases.map(\.rawValue) : Scalar.allCases.filter { scope.hasCase || !$0.needsCase }.map(\.rawValue))
  }

  /// The value a name stands for; nil without a fault where it stands for none.
  mutating func resolve(_ name: String, _ syntax: Syntax) -> TypedNode? {
    if let row, let (field, type) = RuleSchema.field(name, of: row) {
      if case .mentioned(let lexicon) = field { requireLexicon(lexicon, at: syntax.range) }
      return make(.rowField(field), type, syntax)
    }
    if let binding = scope.bindings[name] { return make(.binding(slot: binding.slot, binding.node), binding.node.type, syntax) }
    if let figure = Figure(rawValue: name) {
      if !scope.hasFigures { fault(.notInThisRule, "\(name) exists only in flags", at: syntax.range, hint: "write the rule under flags:") }
      return make(.figure(figure), figure.type, syntax)
    }
    if let scalar = Scalar(rawValue: name) {
      if scope.hasFigures { requireAccount(name, syntax.range) }
      if scalar.needsCase { requireCase(name, syntax.range) }
      return make(.scalar(scalar), scalar.type, syntax)
    }
    if name.hasPrefix("account.") {
      let path = name.split(separator: ".").dropFirst().map(String.init)
      if let type = RuleSchema.accountField(path) {
        if scope.hasFigures { requireAccount(name, syntax.range) }
        return make(.accountField(path), type, syntax)
      }
    }
    return nil
  }

  /// A flag speaks of many accounts.
  mutating func requireAccount(_ name: String, _ range: Range<Int>) {
    fault(
      .notInThisRule, "\(name) is of an account, and a flag speaks of many", at: range,
      hint: "flags read \(Figure.allCases.map(\.rawValue).joined(separator: ", "))")
  }

  mutating func requireCase(_ name: String, _ range: Range<Int>) {
    guard !scope.hasCase else { return }
    fault(
      .notInThisRule, "\(name) exists only in rules about an expansion case", at: range, hint: "add subject: expansion_case to the rule")
  }
}
