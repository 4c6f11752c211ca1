internal import ConfigFiles
internal import Events

extension Checker {
  /// The aggregate a call stands for; nil where the function is none, or is called on no source.
  mutating func aggregate(_ function: String, _ nameRange: Range<Int>, _ arguments: [Syntax.Argument]) -> Aggregate? {
    let rowFunction = RowFunction(rawValue: function)
    let usageFunction = UsageFunction(rawValue: function)
    guard rowFunction != nil || usageFunction != nil else { return nil }
    let isPlainToo = PlainFunction(rawValue: function) != nil
    guard let first = arguments.first, first.label == nil, case .name(let source) = first.value.form else {
      if !isPlainToo {
        fault(
          .wrongArguments, "\(function) takes a source first", at: arguments.first?.value.range ?? nameRange,
          hint: usageFunction == nil ? "for instance \(function)(ticket, 28d)" : "for instance \(function)(usage, 28d)")
      }
      return nil
    }
    let rest = Array(arguments.dropFirst())
    if let usage = usageSource(source, function: usageFunction) {
      return usageAggregate(function, usageFunction, usage, source, rest, first.value, nameRange)
    }
    let head = String(source.prefix { $0 != "." })
    if let kind = RuleSchema.rowKind(head) {
      return rowAggregate(function, rowFunction, kind, source, rest, first.value, nameRange)
    }
    if !isPlainToo || isNearlySource(source) { reportSource(source, first.value) }
    return nil
  }

  /// Everything an aggregate can take first, for suggestions.
  static let sources =
    UsageSource.names + UsageSource.names.flatMap { source in UsageField.allCases.map { "\(source).\($0.rawValue)" } }
    + RuleSchema.rowKinds.map(\.rawValue)
    + RuleSchema.rowKinds.flatMap { kind in RuleSchema.fieldNames(of: kind).map { "\(kind.rawValue).\($0)" } }

  /// Whether a name with a field was meant as a source, though the function takes other values too.
  private func isNearlySource(_ name: String) -> Bool {
    name.contains(".") && scope.bindings[name] == nil && Scalar(rawValue: name) == nil && !name.hasPrefix("account.")
      && nearest(name, among: Self.sources) != nil
  }

  private mutating func reportSource(_ source: String, _ syntax: Syntax) {
    let head = String(source.prefix { $0 != "." })
    let sources = UsageSource.names.filter { scope.hasCase || !$0.hasPrefix("case.") } + RuleSchema.rowKinds.map(\.rawValue)
    fault(
      head == "usage" || head == "case" ? .unknownField : .unknownName, "\(source) is no source of records", at: syntax.range,
      hint: nearest(source, among: sources + Self.sources).map { "did you mean \($0)?" } ?? suggestion(for: source, among: sources)
        ?? "sources: \(sources.joined(separator: ", "))")
  }

  // MARK: Usage

  /// `usage.api`, or `usage.person` and `usage.name` for `distinct`.
  private func usageSource(_ name: String, function: UsageFunction?) -> UsageSource? {
    if function == .distinct, let field = Self.countedField(name) { return UsageSource(String(name.dropLast(field.rawValue.count + 1))) }
    return UsageSource(name)
  }

  private static func countedField(_ name: String) -> UsageField? { UsageField.allCases.first { name.hasSuffix(".\($0.rawValue)") } }

  private mutating func usageAggregate(
    _ function: String, _ usageFunction: UsageFunction?, _ source: UsageSource, _ name: String, _ arguments: [Syntax.Argument],
    _ syntax: Syntax, _ nameRange: Range<Int>
  ) -> Aggregate? {
    guard let usageFunction else {
      fault(
        .wrongArguments, "\(function) is not known of usage", at: nameRange,
        hint: "usage has \(UsageFunction.allCases.map(\.rawValue).joined(separator: ", "))")
      return nil
    }
    if source.needsCase { requireCase(name, syntax.range) }
    let field = Self.countedField(name)
    if usageFunction == .distinct, field == nil {
      fault(
        .wrongArguments, "distinct counts a field of usage", at: syntax.range,
        hint: "write distinct(\(name).person, 30d) or distinct(\(name).name, 30d)")
    }
    if usageFunction == .distinct, field == .team, source != .all || arguments.contains(where: { $0.label == nil && !$0.value.isDuration })
    {
      fault(
        .badUsageFilter, "teams are counted over all usage; neither a source nor a filter narrows them", at: syntax.range,
        hint: "write distinct(usage.team, 30d)")
    }
    var filter = UsageFilter()
    var window = Window()
    for argument in arguments {
      if argument.label == nil, argument.value.isDuration {
        window.length = .days(Int64(wholeDays(argument.value, for: "a window")))
      } else if argument.label == nil {
        usageFilter(argument.value, into: &filter)
      } else {
        label(argument, into: &window)
      }
    }
    return .usage(UsageAggregate(function: usageFunction, source: source, field: field ?? .person, filter: filter, window: window))
  }

  /// `before:` and `since: opening`.
  private mutating func label(_ argument: Syntax.Argument, into window: inout Window) {
    switch argument.label {
    case "before":
      let outer = row
      row = nil
      let before = node(argument.value)
      row = outer
      if !before.type.fits(.duration) {
        fault(.badWindow, "before takes a duration, not \(before.type.description)", at: argument.value.range)
      } else if case .duration(let span) = argument.value.form, span.wholeDays > RuleLimits.windowDays {
        fault(.badWindow, "before takes at most \(RuleLimits.windowDays) days", at: argument.value.range)
      }
      window.before = before
    case "since":
      if argument.value.form == .name("opening") {
        window.sinceOpening = true
      } else {
        let isNear = if case .name(let name) = argument.value.form { nearest(name, among: ["opening"]) != nil } else { false }
        fault(
          .badWindow, "since takes opening", at: argument.value.range, hint: isNear ? "did you mean opening?" : "write since opening")
      }
    default:
      fault(
        .wrongArguments, "there is no argument \(argument.label ?? "")", at: argument.labelRange,
        hint: suggestion(for: argument.label ?? "", among: ["before", "last", "since"]))
    }
  }

  // MARK: Rows

  private mutating func rowAggregate(
    _ function: String, _ rowFunction: RowFunction?, _ kind: Kind, _ source: String, _ arguments: [Syntax.Argument], _ syntax: Syntax,
    _ nameRange: Range<Int>
  ) -> Aggregate? {
    guard let rowFunction else {
      fault(
        .wrongArguments, "\(function) is known only of usage", at: nameRange,
        hint: "\(kind.rawValue) has \(RowFunction.allCases.map(\.rawValue).joined(separator: ", "))")
      return nil
    }
    let (field, fieldType) = aggregatedField(rowFunction, kind, source, syntax)
    var window = Window()
    var last: Int?
    var filter: TypedNode?
    for argument in arguments {
      switch argument.label {
      case nil where argument.value.isDuration: window.length = rowWindow(argument.value)
      case nil:
        let condition = rowFilter(argument.value, kind)
        filter = filter.map { TypedNode(.both($0, condition), .flag, source: "\($0.source) and \(condition.source)") } ?? condition
      case "last": last = rowCount(argument.value)
      default: label(argument, into: &window)
      }
    }
    return .rows(
      RowAggregate(
        function: rowFunction, kind: kind, field: field, filter: filter, last: last, window: window,
        type: rowFunction.type(of: fieldType)))
  }

  private mutating func rowFilter(_ syntax: Syntax, _ kind: Kind) -> TypedNode {
    let outer = row
    row = kind
    defer { row = outer }
    let node = node(syntax)
    if node.type == .duration {
      fault(.badWindow, "a window is a duration literal such as 28d", at: syntax.range)
    } else {
      expectCondition(node, syntax)
    }
    return node
  }

  private mutating func rowWindow(_ syntax: Syntax) -> Span {
    guard case .duration(let span) = syntax.form, span > Span(microseconds: 0), span.wholeDays <= RuleLimits.windowDays else {
      fault(.badWindow, "a window is longer than nothing and at most \(RuleLimits.windowDays) days", at: syntax.range)
      return .days(1)
    }
    return span
  }

  private mutating func rowCount(_ syntax: Syntax) -> Int {
    guard case .number(let value, false) = syntax.form, value >= Fixed(1), value <= Fixed(1000), value.millionths % 1_000_000 == 0 else {
      fault(.wrongArguments, "last takes a whole number from 1 to 1000", at: syntax.range)
      return 1
    }
    return Int(value.millionths / 1_000_000)
  }

  /// The field an aggregate reads, checked against what the function can do with it.
  private mutating func aggregatedField(
    _ function: RowFunction, _ kind: Kind, _ source: String, _ syntax: Syntax
  ) -> (RowField?, ExpressionType) {
    guard source != kind.rawValue else {
      if !function.takesRows {
        let names = RuleSchema.fieldNames(of: kind).filter { RuleSchema.field($0, of: kind).map { function.accepts($0.type) } ?? false }
        fault(
          .wrongArguments, "\(function.rawValue) needs a field of \(kind.rawValue)", at: syntax.range,
          hint: names.first.map { "for instance \(function.rawValue)(\(kind.rawValue).\($0), 90d)" })
        return (nil, .unknown)
      }
      return (nil, .number)
    }
    let path = String(source.dropFirst(kind.rawValue.count + 1))
    guard let (field, type) = RuleSchema.field(path, of: kind) else {
      fault(
        .unknownField, "\(kind.rawValue) has no field \(path)", at: syntax.range,
        hint: suggestion(for: path, among: RuleSchema.fieldNames(of: kind) + mentionFields(of: kind)))
      return (nil, .unknown)
    }
    if case .mentioned(let lexicon) = field { requireLexicon(lexicon, at: syntax.range) }
    if function.takesRows {
      fault(
        .wrongArguments, "\(function.rawValue) takes \(kind.rawValue) alone", at: syntax.range,
        hint: type == .flag ? "write \(function.rawValue)(\(kind.rawValue), \(path))" : "write \(function.rawValue)(\(kind.rawValue), …)")
    } else if !function.accepts(type) {
      fault(.wrongType, "\(function.rawValue) cannot take \(source), which is \(type.description)", at: syntax.range)
      return (nil, .unknown)
    }
    return (field, type)
  }
}

extension RowFunction {
  fileprivate var takesRows: Bool { self == .exists || self == .count }

  fileprivate func accepts(_ type: ExpressionType) -> Bool {
    switch self {
    case .exists, .count, .last, .first, .distinct: true
    case .sum, .average: type.isNumeric || type == .duration || type == .money
    case .min, .max, .median: type.isNumeric || type == .duration || type == .money || type == .instant && self != .median
    }
  }

  fileprivate func type(of field: ExpressionType) -> ExpressionType {
    switch self {
    case .exists: .flag
    case .count, .distinct: .number
    case .sum, .average, .min, .max, .median, .last, .first: field
    }
  }
}

extension Syntax {
  /// Whether it is a duration literal, and so a window where an aggregate takes one; a negative one is meant as one too.
  var isDuration: Bool {
    switch form {
    case .duration: true
    case .negate(let inner): inner.isDuration
    default: false
    }
  }
}
