import Events
import Rules
import Testing

@Suite struct ParserTests {
  @Test(arguments: [
    ("a + b * c", "(a + (b * c))"),
    ("-a * b", "(-a * b)"),
    ("a - b - c", "((a - b) - c)"),
    ("a or b and not c", "(a or (b and not c))"),
    ("not a = b and c", "(not (a = b) and c)"),
    ("x >= 60% or y < 14d", "((x >= 60%) or (y < 14d))"),
    ("ratio >= 80% for 14d and a", "(((ratio >= 80%) for 14d) and a)"),
    ("not a > 1 for 2d", "not ((a > 1) for 2d)"),
    ("(a and b) for 7d", "((a and b) for 7d)"),
    ("status in (solved, closed)", "(status in (solved, closed))"),
    ("body contains (\"a\", \"b\") or c", "((body contains (\"a\", \"b\")) or c)"),
    ("body contains \"a\"", "(body contains (\"a\"))"),
    ("x is missing or y is known", "((x is missing) or (y is known))"),
    ("count(usage.api, 28d, before: 28d) >= 200", "(count(usage.api, 28d, before: 28d) >= 200)"),
    ("count(usage.api, 28d, before 28d, since opening) >= 200", "(count(usage.api, 28d, before: 28d, since: opening) >= 200)"),
    ("f()", "f()"),
    ("2w", "14d"),
    ("90m", "90m"),
    ("1.50", "1.5"),
  ])
  func readsByStrength(_ text: String, _ canonical: String) {
    let (syntax, faults) = Parser.parse(text)
    #expect(faults.isEmpty)
    #expect(syntax.canonical() == canonical)
  }

  @Test(arguments: [
    "count(usage.api, 28d) >= 200 and not firing(x)", "-adjusted(change(count(usage.api), 14d))", "a in (1, 2) or b contains \"x\"",
    "(a >= 1) for 3d", "a >= 1 within 3d and b", "count(usage, 9d, before (1d + x))", "if(a, b, c) = 2",
  ])
  func canonicalTextReadsBackTheSame(_ text: String) {
    let once = Parser.parse(text).syntax.canonical()
    #expect(Parser.parse(once).syntax.canonical() == once)
  }

  @Test(arguments: [
    ("a == b", RuleCode.unexpectedCharacter, 2..<4),
    ("a && b", .unexpectedCharacter, 2..<4),
    ("a ; b", .unexpectedCharacter, 2..<3),
    ("x = \"open", .unclosedText, 4..<9),
    ("x > 14x", .badNumber, 4..<7),
    ("x > 1.5d", .badNumber, 4..<8),
    ("x > 9999999999999999999", .badNumber, 4..<23),
    ("a >", .unexpectedToken, 3..<3),
    ("> 3", .unexpectedToken, 0..<1),
    ("", .unexpectedToken, 0..<0),
    ("a b", .unexpectedToken, 2..<3),
    ("a < b < c", .unexpectedToken, 6..<7),
    ("x is 3", .unexpectedToken, 5..<6),
    ("x in 3", .unexpectedToken, 5..<6),
    ("f(a", .unclosedParenthesis, 1..<2),
    ("(a or b", .unclosedParenthesis, 0..<1),
    ("a)", .unclosedParenthesis, 1..<2),
  ])
  func namesTheFaultAndItsPlace(_ text: String, _ code: RuleCode, _ range: Range<Int>) {
    let faults = Parser.parse(text).faults
    #expect(faults.first?.code == code)
    #expect(faults.first?.range == range)
  }

  @Test func reportsSeveralFaultsOfOneExpression() {
    let faults = Parser.parse("f(a b, 14x, > 1) and g(3 y) or 'x'").faults
    #expect(faults.map(\.range.lowerBound).prefix(4) == [4, 7, 12, 25])
    #expect(faults.count >= 5)
  }

  @Test func acceptsTheDeepestNestingAndRefusesOneMore() {
    let nested = { (depth: Int) in String(repeating: "(", count: depth) + "a" + String(repeating: ")", count: depth) }
    #expect(Parser.parse(nested(RuleLimits.expressionDepth - 1)).faults.isEmpty)
    #expect(Parser.parse(nested(RuleLimits.expressionDepth)).faults.first?.code == .tooDeep)
  }

  @Test func acceptsTheLongestTextAndRefusesOneMore() {
    let text = { (length: Int) in "\"" + String(repeating: "x", count: length - 2) + "\"" }
    #expect(Parser.parse(text(RuleLimits.expressionBytes)).faults.isEmpty)
    #expect(Parser.parse(text(RuleLimits.expressionBytes + 1)).faults.first?.code == .tooLong)
  }
}

@Suite struct TokenSoupTests {
  private static let words = [
    "(", ")", ",", ":", "+", "-", "*", "/", "=", "!=", "<", ">=", "and", "or", "not", "in", "contains", "for", "is", "missing", "known",
    "true", "14d", "60%", "200", "\"x\"", "\"", "'", "usage.api", "usage", "ticket", "ticket.status", "status", "solved", "count", "count(",
    "exists(ticket,", "own_level(", "change(", "adjusted(", "before:", "last:", "since:", "opening", "max(", "min(", "if(", "seats", "mrr",
    "peak(", "ago(", "firing(", "a.b.c", "é", "\u{1F600}", ";", "{{", "}}", "14x", "99999999999999999999", "person.role", "champion",
  ]

  /// Random words never crash the parser or the checker, faults lie within the text, and what compiles can be evaluated.
  @Test(arguments: UInt64(1)...8)
  func neverCrashes(seed: UInt64) {
    var state = seed &* 0x9E37_79B9_7F4A_7C15
    func next(_ bound: Int) -> Int {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return Int(state % UInt64(bound))
    }
    var scene = Scene()
    scene.use("api_call", on: 0...300)
    scene.subscribe(seats: 5, on: 0)
    let facts = scene.facts
    var compiledCount = 0
    for _ in 0..<400 {
      let text = (0..<(1 + next(12))).map { _ in Self.words[next(Self.words.count)] }.joined(separator: next(3) == 0 ? "" : " ")
      let (expression, faults) = CompiledExpression.compile(text, in: ExpressionScope(hasCase: next(2) == 0, rules: ["x": .risk]))
      for fault in faults { #expect(fault.range.lowerBound >= 0 && fault.range.upperBound <= text.utf8.count, "seed \(seed): \(text)") }
      #expect((expression == nil) == !faults.isEmpty, "seed \(seed): \(text)")
      if let expression {
        compiledCount += 1
        _ = Evaluator.explain(expression, facts)
      }
    }
    #expect(compiledCount > 0, "seed \(seed): nothing compiled, so nothing was evaluated")
  }
}
