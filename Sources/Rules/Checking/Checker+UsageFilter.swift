internal import ConfigFiles
internal import Events

/// The filters of usage aggregates.
extension Checker {
  /// Usage is folded by person, name and day, so only conditions on these can be counted.
  mutating func usageFilter(_ syntax: Syntax, into filter: inout UsageFilter) {
    switch syntax.form {
    case .binary(.and, let left, let right):
      usageFilter(left, into: &filter)
      usageFilter(right, into: &filter)
    case .name("business_day"): filter.businessDaysOnly = true
    case .binary(let sign, let left, let right) where sign.isComparison:
      if case .name(let name) = left.form, let measure = UsageMeasure(rawValue: name), sign != .notEqual {
        filter.conditions.append(condition(on: measure, sign, right))
      } else if sign == .equal {
        usageFilter(left, [right], syntax, into: &filter)
      } else if case .name(let name) = left.form, !Self.usageFields.contains(name) {
        unknownUsageField(name, left)
      } else {
        refuseUsageFilter(syntax)
      }
    case .membership(let left, let items): usageFilter(left, items, syntax, into: &filter)
    case .name(let name): unknownUsageField(name, syntax)
    case .fault: break
    default: refuseUsageFilter(syntax)
    }
  }

  private mutating func usageFilter(_ left: Syntax, _ items: [Syntax], _ syntax: Syntax, into filter: inout UsageFilter) {
    switch left.form {
    case .name("name"):
      var names: [String] = []
      for item in items {
        if case .text(let text) = item.form {
          names.append(text)
        } else {
          fault(.wrongType, "the name of an event stands in double quotes", at: item.range)
        }
      }
      filter.names = filter.names.map { $0.filter(names.contains) } ?? names
    case .name("person.role"):
      let subject = make(.constant(.text("")), .choice(RuleSchema.contactRoles), left)
      let roles = items.compactMap { item -> String? in
        guard case .constant(.text(let role)) = word(item, among: RuleSchema.contactRoles, of: subject)?.operation else { return nil }
        return role
      }
      filter.roles = filter.roles.map { $0.filter(roles.contains) } ?? roles
    case .name(let name): unknownUsageField(name, left)
    default: refuseUsageFilter(syntax)
    }
  }

  /// A measure of each person or feature beside a value of the account.
  private mutating func condition(on measure: UsageMeasure, _ sign: BinaryOperator, _ limit: Syntax) -> UsageCondition {
    let outer = row
    row = nil
    let node = node(limit)
    row = outer
    if !node.type.fits(measure.type) {
      fault(
        .wrongType, "\(measure.rawValue) is \(measure.type.description), not \(node.type.description)", at: limit.range,
        hint: measure.type == .duration && node.type.isNumeric ? "write the number with a unit, for instance \(node.source)d" : nil)
    }
    return UsageCondition(measure: measure, sign: sign, limit: node)
  }

  /// What a filter of usage can speak of.
  static let usageFields = ["business_day", "name", "person.role"] + UsageMeasure.allCases.map(\.rawValue)

  private mutating func unknownUsageField(_ name: String, _ syntax: Syntax) {
    fault(
      .unknownField, "usage has no field \(name)", at: syntax.range,
      hint: suggestion(for: name, among: Self.usageFields))
  }

  private mutating func refuseUsageFilter(_ syntax: Syntax) {
    fault(
      .badUsageFilter, "usage is counted by day, name and person; this filter cannot be counted", at: syntax.range,
      hint: "join business_day, name = \"…\", name in (…), person.role = …, person.active_days >= … with and")
  }
}
