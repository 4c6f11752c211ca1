internal import ConfigFiles
internal import Events

extension Checker {
  mutating func negation(_ operand: Syntax, _ syntax: Syntax) -> TypedNode {
    let value = node(operand)
    switch value.type {
    case .number, .percent, .duration, .money, .unknown: break
    default: fault(.wrongType, "\(value.type.description) has no negative", at: operand.range)
    }
    return make(.negate(value), value.type, syntax)
  }

  mutating func binary(_ sign: BinaryOperator, _ left: Syntax, _ right: Syntax, _ syntax: Syntax) -> TypedNode {
    switch sign {
    case .and: return make(.both(condition(left), condition(right)), .flag, syntax)
    case .or: return make(.either(condition(left), condition(right)), .flag, syntax)
    case .plus, .minus, .times, .divide: return arithmetic(sign, node(left), node(right), syntax)
    default: return comparison(sign, left, right, syntax)
    }
  }

  private mutating func arithmetic(_ sign: BinaryOperator, _ left: TypedNode, _ right: TypedNode, _ syntax: Syntax) -> TypedNode {
    let type = Self.resultType(sign, left.type, right.type)
    if type == nil {
      fault(
        .wrongType, "\(left.type.description) and \(right.type.description) cannot stand on the two sides of \(sign.rawValue)",
        at: syntax.range)
    }
    return make(.arithmetic(sign, left, right), type ?? .unknown, syntax)
  }

  /// The type of a sum, difference, product or quotient; nil where there is none.
  ///
  /// A quotient of two plain numbers is shown in per cent: used seats over paid seats, calls over calls.
  static func resultType(_ sign: BinaryOperator, _ a: ExpressionType, _ b: ExpressionType) -> ExpressionType? {
    if a == .unknown || b == .unknown { return .unknown }
    switch (sign, a, b) {
    case (.plus, _, _) where a.isNumeric && b.isNumeric, (.minus, _, _) where a.isNumeric && b.isNumeric:
      return a == .percent || b == .percent ? .percent : .number
    case (.times, _, _) where a.isNumeric && b.isNumeric: return a == .percent && b == .percent ? .percent : .number
    case (.divide, _, _) where a.isNumeric && b.isNumeric: return .percent
    case (.plus, .duration, .duration), (.minus, .duration, .duration), (.minus, .instant, .instant): return .duration
    case (.plus, .instant, .duration), (.minus, .instant, .duration): return .instant
    case (.plus, .money, .money), (.minus, .money, .money): return .money
    case (.divide, .duration, .duration), (.divide, .money, .money): return .percent
    case (.times, .duration, _) where b.isNumeric, (.divide, .duration, _) where b.isNumeric: return .duration
    case (.times, .money, _) where b.isNumeric, (.divide, .money, _) where b.isNumeric: return .money
    case (.times, _, .duration) where a.isNumeric: return .duration
    case (.times, _, .money) where a.isNumeric: return .money
    default: return nil
    }
  }

  private mutating func comparison(_ sign: BinaryOperator, _ left: Syntax, _ right: Syntax, _ syntax: Syntax) -> TypedNode {
    let (a, b) = pair(left, right)
    let isOrdering = sign != .equal && sign != .notEqual
    switch (a.type, b.type) {
    case (.unknown, _), (_, .unknown): return make(.constant(.flag(false)), .flag, syntax)
    case (.choice(let choice), _), (_, .choice(let choice)):
      if isOrdering, !choice.isOrdered {
        fault(.wrongType, "these words have no order; only = and != compare them", at: syntax.range)
      } else if isOrdering, a.type.fits(b.type) {
        return make(.compareRank(sign, words: choice.words, a, b), .flag, syntax)
      }
    case (.text, .text), (.flag, .flag), (.list, .list):
      if isOrdering { fault(.wrongType, "\(a.type.description) has no order; only = and != compare it", at: syntax.range) }
    default: break
    }
    if !a.type.fits(b.type) {
      fault(.wrongType, "\(a.type.description) cannot be compared with \(b.type.description)", at: syntax.range, hint: mismatchHint(a, b))
    }
    return make(.compare(sign, a, b), .flag, syntax)
  }

  private func mismatchHint(_ a: TypedNode, _ b: TypedNode) -> String {
    switch (a.type, b.type) {
    case (.duration, _) where b.type.isNumeric: "write the number with a unit, for instance \(b.source)d"
    case (_, .duration) where a.type.isNumeric: "write \(b.source) without its unit, or take a duration on the other side"
    case (.instant, .duration), (.duration, .instant): "since(…) turns a point in time into a duration"
    case (.money, _), (_, .money): "money is compared with money, for instance mrr > 50% * peak(mrr, 30d), or with 0"
    default: "compare \(a.source) with \(a.type.description)"
    }
  }

  /// Both sides of a comparison; a bare word beside a choice is one of its words, a plain 0 beside money or a duration is none of it.
  private mutating func pair(_ left: Syntax, _ right: Syntax) -> (TypedNode, TypedNode) {
    if isUnknownName(left) {
      // Two names that mean nothing: the first one is the mistake, the second was to be one of its words.
      if isUnknownName(right) { return (node(left), unknown(right)) }
      let b = node(right)
      return (operand(left, beside: b), b)
    }
    let a = node(left)
    let b = operand(right, beside: a)
    return (zero(a, beside: b), b)
  }

  private func isValueName(_ syntax: Syntax) -> Bool {
    var probe = self
    guard case .name(let name) = syntax.form else { return false }
    return probe.resolve(name, syntax) != nil
  }

  private func isUnknownName(_ syntax: Syntax) -> Bool {
    guard case .name = syntax.form else { return false }
    return !isValueName(syntax)
  }

  private mutating func operand(_ syntax: Syntax, beside other: TypedNode) -> TypedNode {
    if other.type == .unknown, isUnknownName(syntax) { return unknown(syntax) }
    if case .choice(let choice) = other.type, let word = word(syntax, among: choice, of: other) { return word }
    return zero(node(syntax), beside: other)
  }

  private func zero(_ node: TypedNode, beside other: TypedNode) -> TypedNode {
    guard case .constant(.number(.zero)) = node.operation else { return node }
    return switch other.type {
    case .money: TypedNode(.constant(.money(0)), .money, source: node.source)
    case .duration: TypedNode(.constant(.duration(Span(microseconds: 0))), .duration, source: node.source)
    default: node
    }
  }

  /// The word of a choice that a name or a text stands for; nil where the name stands for a value of its own.
  mutating func word(_ syntax: Syntax, among choice: ExpressionType.Choice, of subject: TypedNode) -> TypedNode? {
    let word: String
    switch syntax.form {
    case .name(let name):
      if !choice.words.contains(name), isValueName(syntax) { return nil }
      word = name
    case .text(let text): word = text
    default: return nil
    }
    guard choice.words.contains(word) else {
      fault(
        .unknownWord, "\(subject.source) is never \(word)", at: syntax.range, hint: suggestion(for: word, among: choice.words))
      return unknown(syntax)
    }
    return make(.constant(.text(word)), .choice(choice), syntax)
  }

  mutating func membership(_ value: Syntax, _ items: [Syntax], _ syntax: Syntax) -> TypedNode {
    let subject = node(value)
    var outcomes: [Outcome] = []
    for item in items {
      let member = operand(item, beside: subject)
      if !member.type.fits(subject.type) {
        fault(.wrongType, "\(subject.type.description) cannot be compared with \(member.type.description)", at: item.range)
      } else if case .constant(let outcome) = member.operation {
        outcomes.append(outcome)
      } else {
        fault(.wrongType, "only fixed values stand in a list", at: item.range)
      }
    }
    return make(.membership(subject, outcomes), .flag, syntax)
  }

  mutating func contains(_ value: Syntax, _ items: [Syntax], _ syntax: Syntax) -> TypedNode {
    let subject = node(value)
    if !subject.type.fits(.text), subject.type != .list {
      fault(.wrongType, "\(subject.type.description) contains nothing; only texts and lists do", at: value.range)
    }
    var phrases: [Phrase] = []
    for item in items {
      if case .text(let text) = item.form, !text.isEmpty {
        phrases.append(Phrase(text))
      } else if item.form != .fault {
        fault(.wrongType, "a text in double quotes should follow contains", at: item.range)
      }
    }
    return make(.contains(subject, phrases), .flag, syntax)
  }

  mutating func lasting(_ inner: Syntax, _ span: Syntax, _ syntax: Syntax) -> TypedNode {
    let held = condition(inner)
    if scope.hasFigures { requireAccount("for", syntax.range) }
    return make(.lasting(held, days: wholeDays(span, for: "for")), .flag, syntax)
  }

  mutating func occurring(_ inner: Syntax, _ span: Syntax, _ syntax: Syntax) -> TypedNode {
    let held = condition(inner)
    if scope.hasFigures { requireAccount("within", syntax.range) }
    return make(.occurring(held, days: wholeDays(span, for: "within")), .flag, syntax)
  }

  /// The days of a duration literal, or 1 and a fault.
  mutating func wholeDays(_ syntax: Syntax, for what: String, atMost limit: Int = RuleLimits.windowDays) -> Int {
    guard case .duration(let span) = syntax.form else {
      if syntax.form != .fault {
        fault(.badWindow, "a duration such as 14d is expected for \(what)", at: syntax.range)
      }
      return 1
    }
    let days = Int(span.wholeDays)
    guard span == .days(Int64(days)), days >= 1 else {
      fault(.badWindow, "\(what) takes whole days, at least one", at: syntax.range)
      return 1
    }
    guard days <= limit else {
      fault(.badWindow, "\(what) takes at most \(limit) days", at: syntax.range)
      return 1
    }
    return days
  }
}
