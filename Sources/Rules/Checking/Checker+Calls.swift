internal import ConfigFiles
internal import Events

/// The functions that are no aggregates.
enum PlainFunction: String, CaseIterable {
  case change, adjusted, percentile, rare, since, ago, peak, firing, abs, min, max, mentions
  case ownLevel = "own_level"
  case belowOwnLevel = "below_own_level"
  case levelOf = "level_of"
  case anyFiring = "any_firing"
  case choose = "if"
}

extension Checker {
  /// All functions, for suggestions.
  static let functionNames: [String] = Set(
    PlainFunction.allCases.map(\.rawValue) + RowFunction.allCases.map(\.rawValue) + UsageFunction.allCases.map(\.rawValue)
  ).sorted()

  mutating func call(_ function: String, _ nameRange: Range<Int>, _ arguments: [Syntax.Argument], _ syntax: Syntax) -> TypedNode {
    if scope.hasFigures, Self.functionNames.contains(function), !Figure.functions.contains(function) {
      requireAccount(function, nameRange)
      return unknown(syntax)
    }
    let faultsBefore = faults.count
    if let aggregate = aggregate(function, nameRange, arguments) { return make(.aggregate(aggregate), aggregate.type, syntax) }
    if faults.count > faultsBefore { return unknown(syntax) }
    guard let plain = PlainFunction(rawValue: function) else {
      if RowFunction(rawValue: function) == nil, UsageFunction(rawValue: function) == nil {
        fault(
          .unknownFunction, "there is no function \(function)", at: nameRange,
          hint: nearest(function, among: Self.functionNames).map { "did you mean \($0)?" }
            ?? "functions: \(Self.functionNames.joined(separator: ", "))")
      }
      return unknown(syntax)
    }
    for argument in arguments where argument.label != nil && argument.label != plain.label {
      fault(.wrongArguments, "\(function) has no argument \(argument.label ?? "")", at: argument.labelRange)
    }
    return self.plain(plain, arguments.map(\.value), arguments, syntax)
  }

  private mutating func plain(
    _ function: PlainFunction, _ values: [Syntax], _ arguments: [Syntax.Argument], _ syntax: Syntax
  ) -> TypedNode {
    switch function {
    case .change, .ownLevel, .belowOwnLevel, .rare: comparedAggregate(function, arguments, syntax)
    case .adjusted: adjusted(values, syntax)
    case .percentile: percentile(values, syntax)
    case .since: since(values, syntax)
    case .ago: ago(values, syntax)
    case .peak: peak(values, syntax)
    case .firing, .levelOf: ruleState(function, values, syntax)
    case .anyFiring: anyFiring(arguments, syntax)
    case .abs: absolute(values, syntax)
    case .mentions: mentions(values, syntax)
    case .min, .max: extreme(function, values, syntax)
    case .choose: conditional(values, syntax)
    }
  }

  /// Reports a wrong number of arguments.
  mutating func takes(_ count: Int, _ usage: String, _ values: [Syntax], _ syntax: Syntax) -> Bool {
    if values.count == count { return true }
    fault(
      .wrongArguments, "\(count == 1 ? "one argument is" : "\(count) arguments are") expected, not \(values.count)", at: syntax.range,
      hint: "write \(usage)")
    return false
  }

  /// `change`, `own_level`, `below_own_level`, `rare`: an aggregate without a window, and the window.
  private mutating func comparedAggregate(_ function: PlainFunction, _ arguments: [Syntax.Argument], _ syntax: Syntax) -> TypedNode {
    let values = arguments.filter { $0.label == nil }.map(\.value)
    guard takes(2, "\(function.rawValue)(count(usage.api), 28d)", values, syntax) else { return unknown(syntax) }
    let days = wholeDays(values[1], for: function.rawValue, atMost: function == .change ? RuleLimits.windowDays : OwnLevel.referenceDays)
    let before = arguments.first { $0.label == "before" }.map { wholeDays($0.value, for: "before") } ?? days
    let inner = node(values[0])
    if inner.type == .unknown { return unknown(syntax) }
    guard case .aggregate(let aggregate) = inner.operation, inner.type.isNumeric || inner.type == .duration || inner.type == .money else {
      fault(.wrongArguments, "\(function.rawValue) compares an aggregate that is a number, such as count(usage.api)", at: values[0].range)
      return unknown(syntax)
    }
    guard aggregate.window.length == nil, aggregate.window.before == nil, !aggregate.window.sinceOpening else {
      fault(
        .badWindow, "the window belongs to \(function.rawValue), not to the aggregate inside", at: values[0].range,
        hint: "write \(function.rawValue)(\(values[0].headName ?? "count")(…), \(values[1].canonical()))")
      return unknown(syntax)
    }
    let reference = "own_level(\(values[0].canonical(scope.bindingSyntax)), \(values[1].canonical()))"
    return switch function {
    case .ownLevel: make(.ownLevel(aggregate, days: days, reference: reference), inner.type, syntax)
    case .belowOwnLevel: make(.belowOwnLevel(aggregate, days: days, reference: reference), .percent, syntax)
    case .rare: rare(aggregate, days, values, syntax)
    default: make(.change(aggregate, days: days, before: before), .percent, syntax)
    }
  }

  private mutating func since(_ values: [Syntax], _ syntax: Syntax) -> TypedNode {
    guard takes(1, "since(last(usage))", values, syntax) else { return unknown(syntax) }
    let instant = node(values[0])
    if !instant.type.fits(.instant) {
      fault(.wrongType, "since takes a point in time, not \(instant.type.description)", at: values[0].range)
    }
    return make(.since(instant), .duration, syntax)
  }

  private mutating func ago(_ values: [Syntax], _ syntax: Syntax) -> TypedNode {
    guard takes(2, "ago(seats, 180d)", values, syntax) else { return unknown(syntax) }
    let inner = node(values[0])
    return make(.ago(inner, days: wholeDays(values[1], for: "ago")), inner.type, syntax)
  }

  private mutating func peak(_ values: [Syntax], _ syntax: Syntax) -> TypedNode {
    guard takes(2, "peak(seats, 30d)", values, syntax) else { return unknown(syntax) }
    let days = wholeDays(values[1], for: "peak")
    guard case .name(let name) = values[0].form, let scalar = Scalar(rawValue: name), [.seats, .mrr, .planRank].contains(scalar) else {
      fault(
        .wrongArguments, "peak is known of seats, mrr and plan.rank", at: values[0].range,
        hint: nearest(word(values[0]), among: ["seats", "mrr", "plan.rank"]).map { "did you mean \($0)?" }
          ?? "write peak(seats, 30d) or peak(mrr, 30d)")
      return unknown(syntax)
    }
    return make(.peak(scalar, days: days, reference: syntax.canonical()), scalar.type, syntax)
  }

  private mutating func ruleState(_ function: PlainFunction, _ values: [Syntax], _ syntax: Syntax) -> TypedNode {
    guard takes(1, "\(function.rawValue)(champion_left)", values, syntax) else { return unknown(syntax) }
    guard case .name(let id) = values[0].form else {
      fault(.wrongArguments, "the id of a rule is expected", at: values[0].range)
      return unknown(syntax)
    }
    guard scope.rules[id] != nil else {
      fault(.unknownRule, "there is no rule \(id)", at: values[0].range, hint: suggestion(for: id, among: scope.rules.keys.sorted()))
      return unknown(syntax)
    }
    return function == .firing ? make(.firing(rule: id), .flag, syntax) : make(.levelOf(rule: id), .choice(RuleSchema.levels), syntax)
  }

  private func word(_ syntax: Syntax) -> String { if case .name(let name) = syntax.form { name } else { "" } }

  private mutating func anyFiring(_ arguments: [Syntax.Argument], _ syntax: Syntax) -> TypedNode {
    let plain = arguments.filter { $0.label == nil }.map(\.value)
    guard takes(1, "any_firing(risk, at_least: medium)", plain, syntax) else { return unknown(syntax) }
    guard case .name(let word) = plain[0].form, let about = RuleSubjectMatter(rawValue: word) else {
      fault(
        .unknownWord, "any_firing takes what rules are about", at: plain[0].range,
        hint: suggestion(for: word(plain[0]), among: RuleSubjectMatter.allCases.map(\.rawValue)))
      return unknown(syntax)
    }
    var rank = 0
    if let least = arguments.first(where: { $0.label == "at_least" })?.value {
      let level = make(.constant(.text("")), .choice(RuleSchema.levels), least)
      guard case .constant(.text(let word)) = self.word(least, among: RuleSchema.levels, of: level)?.operation else {
        return unknown(syntax)
      }
      rank = RuleSchema.levels.words.firstIndex(of: word) ?? 0
    }
    let ids = scope.rules.filter { $0.value == about }.keys.sorted()
    return make(.anyFiring(rules: ids, atLeast: rank), .flag, syntax)
  }

  /// `mentions("competitors")`, in a filter over rows that hold texts.
  private mutating func mentions(_ values: [Syntax], _ syntax: Syntax) -> TypedNode {
    guard takes(1, "mentions(\"competitors\")", values, syntax) else { return unknown(syntax) }
    guard case .text(let id) = values[0].form else {
      fault(.wrongArguments, "the name of a lexicon is expected", at: values[0].range, hint: "write mentions(\"competitors\")")
      return unknown(syntax)
    }
    requireLexicon(id, at: values[0].range)
    if row.map({ !RuleSchema.textKinds.contains($0) }) ?? true {
      fault(
        .wrongArguments, "mentions asks a row that holds texts", at: syntax.range,
        hint: "write it in a filter, for instance count(ticket, 60d, mentions(\"\(id)\"))")
    }
    return make(.mentions(lexicon: id), .flag, syntax)
  }

  /// The fields that hold the phrases found in a row's texts, one for each lexicon.
  func mentionFields(of kind: Kind) -> [String] {
    RuleSchema.textKinds.contains(kind) ? scope.lexicons.all.keys.sorted().map { "mentions.\($0)" } : []
  }

  mutating func requireLexicon(_ id: String, at range: Range<Int>) {
    guard scope.lexicons[id] == nil else { return }
    fault(.unknownLexicon, "there is no lexicon \(id)", at: range, hint: suggestion(for: id, among: scope.lexicons.all.keys.sorted()))
  }

  private mutating func absolute(_ values: [Syntax], _ syntax: Syntax) -> TypedNode {
    guard takes(1, "abs(x)", values, syntax) else { return unknown(syntax) }
    let value = node(values[0])
    if !value.type.isNumeric, ![.duration, .money, .unknown].contains(value.type) {
      fault(.wrongType, "abs takes a number, not \(value.type.description)", at: values[0].range)
    }
    return make(.absolute(value), value.type, syntax)
  }

  private mutating func extreme(_ function: PlainFunction, _ values: [Syntax], _ syntax: Syntax) -> TypedNode {
    guard values.count >= 2 else {
      _ = takes(2, "\(function.rawValue)(a, b), or \(function.rawValue)(invoice.late, 90d)", values, syntax)
      return unknown(syntax)
    }
    let nodes = values.map { node($0) }
    guard let first = nodes.first(where: { $0.type != .unknown }) else { return unknown(syntax) }
    for (node, value) in zip(nodes, values) {
      let isOrdered = node.type.isNumeric || [.duration, .money, .instant, .unknown].contains(node.type)
      if !isOrdered || !node.type.fits(first.type) {
        fault(.wrongType, "\(function.rawValue) compares \(first.type.description), not \(node.type.description)", at: value.range)
      }
    }
    let type = nodes.contains { $0.type == .percent } ? .percent : first.type
    return make(.extreme(isGreatest: function == .max, nodes), type, syntax)
  }

  private mutating func conditional(_ values: [Syntax], _ syntax: Syntax) -> TypedNode {
    guard takes(3, "if(condition, value, other value)", values, syntax) else { return unknown(syntax) }
    let test = condition(values[0])
    let (then, otherwise) = (node(values[1]), node(values[2]))
    if !then.type.fits(otherwise.type) {
      fault(
        .wrongType, "both values of if are of one type, not \(then.type.description) and \(otherwise.type.description)", at: values[2].range
      )
    }
    return make(.conditional(test, then: then, otherwise: otherwise), then.type == .unknown ? otherwise.type : then.type, syntax)
  }
}

extension PlainFunction {
  /// The label of the only argument that has one.
  fileprivate var label: String? {
    switch self {
    case .anyFiring: "at_least"
    case .change: "before"
    default: nil
    }
  }
}

extension Syntax {
  /// The function of a call.
  fileprivate var headName: String? { if case .call(let name, _, _) = form { name } else { nil } }
}

extension Aggregate {
  var type: ExpressionType {
    switch self {
    case .usage(let aggregate): aggregate.function.type
    case .rows(let aggregate): aggregate.type
    }
  }
}
