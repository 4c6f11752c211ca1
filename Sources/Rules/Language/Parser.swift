internal import ConfigFiles
internal import Events

/// Reads an expression by operator strength (Pratt), collecting faults; behind a fault inside an argument list it goes on with the next
/// argument, so that one run names them all.
package struct Parser {
  private var tokens: [Token]
  private var position = 0
  private var depth = 0
  private var faults: [Fault]
  /// Set after a fault until a separator is met: what follows in between is noise.
  private var isRecovering = false

  /// The expression of a text; parts that could not be read are `fault` forms.
  package static func parse(_ text: String) -> (syntax: Syntax, faults: [Fault]) {
    let length = text.utf8.count
    guard length <= RuleLimits.expressionBytes else {
      let fault = Fault(.tooLong, "the expression has \(length) bytes; at most \(RuleLimits.expressionBytes) are read", at: 0..<length)
      return (Syntax(form: .fault, range: 0..<length), [fault])
    }
    let (tokens, faults) = Lexer.tokens(of: text)
    var parser = Parser(tokens: tokens, faults: faults)
    let syntax = parser.whole()
    return (syntax, parser.faults.sorted { ($0.range.lowerBound, $0.code.rawValue) < ($1.range.lowerBound, $1.code.rawValue) })
  }

  private init(tokens: [Token], faults: [Fault]) {
    self.tokens = tokens
    self.faults = faults
  }

  private var token: Token { tokens[position] }

  private var previousEnd: Int { position == 0 ? 0 : tokens[position - 1].range.upperBound }

  private mutating func advance() { if position < tokens.count - 1 { position += 1 } }

  private mutating func take(_ sign: Token.Sign) -> Bool {
    guard token.kind == .sign(sign) else { return false }
    advance()
    return true
  }

  private mutating func take(_ keyword: Token.Keyword) -> Bool {
    guard token.kind == .keyword(keyword) else { return false }
    advance()
    return true
  }

  private mutating func fail(_ code: RuleCode, _ message: String, at range: Range<Int>, hint: String? = nil) {
    if !isRecovering { faults.append(Fault(code, message, at: range, hint: hint)) }
    isRecovering = true
  }

  /// A word that was meant as one of the language's own, is read as that one, and told: what follows is checked too.
  private mutating func correct(_ word: Token.Keyword, _ typed: String) {
    faults.append(Fault(.unexpectedToken, "\(typed) does not fit here", at: token.range, hint: "did you mean \(word.rawValue)?"))
    tokens[position] = Token(kind: .keyword(word), range: token.range)
  }

  /// Behind a value no name can stand: one that looks like an operator was meant as it.
  private mutating func correctOperator() {
    guard !isRecovering, case .name(let typed) = token.kind, let word = nearestOperator(typed) else { return }
    if case .number = tokens[max(0, position - 1)].kind, ["s", "m", "h", "d", "w"].contains(typed) { return }
    correct(word, typed)
  }

  private static func nearestOperator(_ typed: String) -> Token.Keyword? {
    nearest(typed, among: ["and", "or", "is", "in", "for", "within", "contains"]).flatMap(Token.Keyword.init(rawValue:))
  }

  /// What follows tells `or` from `for`, and `is` from `in`.
  private func nearestOperator(_ typed: String) -> Token.Keyword? {
    let likely =
      switch tokens[min(position + 1, tokens.count - 1)].kind {
      case .duration: ["for", "within"]
      case .sign(.open): ["in", "contains", "and", "or"]
      case .keyword(.known), .keyword(.missing): ["is"]
      case .text: ["contains"]
      default: ["and", "or"]
      }
    return nearest(typed, among: likely).flatMap(Token.Keyword.init(rawValue:)) ?? Self.nearestOperator(typed)
  }

  /// A name right before another name was no value: one that looks like `not` was meant as it.
  private mutating func correctNegation() {
    guard !isRecovering, case .name(let typed) = token.kind, case .name(let next) = tokens[min(position + 1, tokens.count - 1)].kind,
      nearest(typed, among: ["not"]) != nil, Self.nearestOperator(next) == nil
    else { return }
    correct(.not, typed)
  }

  private mutating func whole() -> Syntax {
    let syntax = expression(atLeast: 0)
    if token.kind != .end {
      if token.kind == .sign(.close) {
        fail(.unclosedParenthesis, "this parenthesis closes nothing", at: token.range)
      } else {
        fail(.unexpectedToken, "\(describe(token)) does not fit here", at: token.range, hint: hintForJuxtaposition)
      }
    }
    return syntax
  }

  private var hintForJuxtaposition: String? {
    guard position > 0, case .number = tokens[position - 1].kind, case .name(let unit) = token.kind, unit.utf8.count == 1 else {
      return "an operator such as and, or, >=, + should stand before it"
    }
    return "write a duration without a space"
  }

  private func syntax(_ form: Syntax.Form, from start: Int) -> Syntax { Syntax(form: form, range: start..<max(start, previousEnd)) }

  private mutating func expression(atLeast strength: Int) -> Syntax {
    depth += 1
    defer { depth -= 1 }
    guard depth <= RuleLimits.expressionDepth else {
      fail(.tooDeep, "the expression is nested deeper than \(RuleLimits.expressionDepth) levels", at: token.range)
      let start = token.range.lowerBound
      position = tokens.count - 1
      return Syntax(form: .fault, range: start..<start)
    }
    let start = token.range.lowerBound
    correctNegation()
    var left = operand()
    correctOperator()
    while !isRecovering, let next = continuation(of: left, from: start, atLeast: strength) {
      left = next
      correctOperator()
    }
    return left
  }

  /// The expression with one more operator behind it, or nil where none as strong follows.
  private mutating func continuation(of left: Syntax, from start: Int, atLeast strength: Int) -> Syntax? {
    switch token.kind {
    case .keyword(.in) where BinaryOperator.comparison >= strength:
      advance()
      return syntax(.membership(left, items(after: "in")), from: start)
    case .keyword(.contains) where BinaryOperator.comparison >= strength:
      advance()
      if token.kind == .sign(.open) { return syntax(.contains(left, items(after: "contains")), from: start) }
      let phrase = expression(atLeast: BinaryOperator.comparison + 1)
      return syntax(.contains(left, [phrase]), from: start)
    case .keyword(.is) where BinaryOperator.comparison >= strength:
      advance()
      return presence(of: left, from: start)
    case .keyword(.for) where BinaryOperator.lasting >= strength:
      advance()
      let span = operand()
      return syntax(.lasting(left, span), from: start)
    case .keyword(.within) where BinaryOperator.lasting >= strength:
      advance()
      let span = operand()
      return syntax(.occurring(left, span), from: start)
    default:
      guard let sign = binaryOperator, sign.strength >= strength else { return nil }
      if sign.isComparison, case .binary(let other, _, _) = left.form, other.isComparison, previousEnd == left.range.upperBound {
        fail(.unexpectedToken, "comparisons do not chain", at: token.range, hint: "join two comparisons with and")
        return syntax(.fault, from: start)
      }
      advance()
      let right = expression(atLeast: sign.strength + 1)
      return syntax(.binary(sign, left, right), from: start)
    }
  }

  private var binaryOperator: BinaryOperator? {
    switch token.kind {
    case .keyword(.and): .and
    case .keyword(.or): .or
    case .sign(let sign): BinaryOperator(rawValue: sign.rawValue)
    default: nil
    }
  }

  private mutating func presence(of left: Syntax, from start: Int) -> Syntax {
    if take(.missing) { return syntax(.presence(left, isKnown: false), from: start) }
    if take(.known) { return syntax(.presence(left, isKnown: true), from: start) }
    if case .name(let typed) = token.kind, let word = nearest(typed, among: ["known", "missing"]).flatMap(Token.Keyword.init(rawValue:)) {
      correct(word, typed)
      return presence(of: left, from: start)
    }
    fail(.unexpectedToken, "missing or known should follow is", at: token.range, hint: "to compare, write =")
    return syntax(.fault, from: start)
  }

  private mutating func operand() -> Syntax {
    let start = token.range.lowerBound
    switch token.kind {
    case .number(let value, let isPercent):
      advance()
      return syntax(.number(value, isPercent: isPercent), from: start)
    case .duration(let span):
      advance()
      return syntax(.duration(span), from: start)
    case .text(let text):
      advance()
      return syntax(.text(text), from: start)
    case .keyword(.true), .keyword(.false):
      let flag = token.kind == .keyword(.true)
      advance()
      return syntax(.flag(flag), from: start)
    case .keyword(.not):
      advance()
      let condition = expression(atLeast: BinaryOperator.negation)
      return syntax(.not(condition), from: start)
    case .sign(.minus):
      advance()
      let value = expression(atLeast: BinaryOperator.unaryMinus)
      return syntax(.negate(value), from: start)
    case .sign(.open): return parenthesised(from: start)
    case .name(let name):
      let range = token.range
      advance()
      guard take(.open) else { return syntax(.name(name), from: start) }
      let arguments = arguments(openedAt: range.upperBound)
      return syntax(.call(function: name, nameRange: range, arguments), from: start)
    default:
      fail(.unexpectedToken, "a value should stand here, not \(describe(token))", at: token.range)
      return Syntax(form: .fault, range: token.range)
    }
  }

  private mutating func parenthesised(from start: Int) -> Syntax {
    advance()
    let inner = expression(atLeast: 0)
    if token.kind == .sign(.comma), !isRecovering {
      fail(.unexpectedToken, "a list stands only behind in or contains", at: token.range)
    }
    close(openedAt: start)
    // The parentheses belong to the range, so that a caret covers what a person sees as one thing.
    return Syntax(form: inner.form, range: start..<max(start, previousEnd))
  }

  private mutating func items(after word: String) -> [Syntax] {
    let start = token.range.lowerBound
    guard take(.open) else {
      fail(.unexpectedToken, "a list in parentheses should follow \(word)", at: token.range, hint: "for instance \(word) (a, b)")
      return []
    }
    var items: [Syntax] = []
    repeat {
      items.append(expression(atLeast: 0))
      if isRecovering { recover() }
    } while take(.comma)
    close(openedAt: start)
    return items
  }

  private mutating func arguments(openedAt start: Int) -> [Syntax.Argument] {
    var arguments: [Syntax.Argument] = []
    if take(.close) { return arguments }
    repeat {
      arguments.append(argument())
      if isRecovering { recover() }
    } while take(.comma)
    close(openedAt: start)
    return arguments
  }

  private mutating func argument() -> Syntax.Argument {
    var label: String?
    let labelRange = token.range
    if case .name(let name) = token.kind {
      let next = tokens[min(position + 1, tokens.count - 1)].kind
      if next == .sign(.colon) {
        label = name
        advance()
        advance()
      } else if Self.labels.contains(name), Self.startsValue(next) || name == "before" && next == .sign(.open) {
        label = name
        advance()
      } else if !isRecovering, let near = mistypedLabel(name, before: next) {
        faults.append(Fault(.unexpectedToken, "\(name) does not fit here", at: token.range, hint: "did you mean \(near)?"))
        label = near
        advance()
      }
    }
    let value = expression(atLeast: 0)
    if !isRecovering, token.kind != .sign(.comma), token.kind != .sign(.close), token.kind != .end {
      fail(.unexpectedToken, "\(describe(token)) does not fit here", at: token.range, hint: hintForJuxtaposition)
    }
    return Syntax.Argument(label: label, labelRange: labelRange, value: value)
  }

  /// Labels that need no colon: in YAML a colon and a space inside an unquoted value are a fault of their own. Of them only `before` is no
  /// function too, so that `before (30d + open_for)` can be no call.
  private static let labels = ["before", "since", "last", "at_least"]

  /// The label that a name was meant as.
  private func mistypedLabel(_ name: String, before next: Token.Kind) -> String? {
    if next == .sign(.open) { return nearest(name, among: ["before"]) }
    return Self.startsValue(next) && !isOperator(next) ? nearest(name, among: Self.labels) : nil
  }

  private func isOperator(_ token: Token.Kind) -> Bool {
    guard case .name(let name) = token else { return false }
    return Self.nearestOperator(name) != nil
  }

  private static func startsValue(_ token: Token.Kind) -> Bool {
    switch token {
    case .number, .duration, .name: true
    default: false
    }
  }

  private mutating func close(openedAt start: Int) {
    if isRecovering { recover() }
    if take(.close) { return }
    fail(.unclosedParenthesis, "this parenthesis is not closed", at: start..<start + 1)
  }

  /// Skips to the comma or parenthesis that ends the faulty part.
  private mutating func recover() {
    var open = 0
    while token.kind != .end {
      if token.kind == .sign(.open) { open += 1 }
      if open == 0, token.kind == .sign(.comma) || token.kind == .sign(.close) { break }
      if token.kind == .sign(.close) { open -= 1 }
      advance()
    }
    if token.kind != .end { isRecovering = false }
  }

  private func describe(_ token: Token) -> String {
    switch token.kind {
    case .number(let value, let isPercent): isPercent ? "\(value * Fixed(100))%" : "\(value)"
    case .duration(let span): canonicalText(of: span)
    case .text(let text): "\"\(text)\""
    case .name(let name): name
    case .keyword(let keyword): keyword.rawValue
    case .sign(let sign): sign.rawValue
    case .end: "the end"
    }
  }
}
