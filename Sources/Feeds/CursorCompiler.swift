internal import ConfigFiles
internal import Events

/// Reads `cursor:`.
enum CursorCompiler {
  static func cursor(_ node: Node?, into diagnostics: inout Diagnostics) -> Connector.CursorPlan {
    var plan = Connector.CursorPlan()
    guard let node, var reader = MappingReader(node, what: "cursor", into: &diagnostics) else { return plan }
    plan.mode = reader.flag("opaque", into: &diagnostics) ?? false ? .opaque : .window
    plan.format = format(&reader, into: &diagnostics)
    plan.lag = reader.duration("lag", into: &diagnostics) ?? .seconds(0)
    plan.lookback = reader.duration("lookback", into: &diagnostics) ?? .seconds(0)
    let bounds = ["included", "excluded"]
    plan.excludesLowerBound = reader.choice("lower_bound", among: bounds, into: &diagnostics) == "excluded"
    plan.excludesUpperBound = reader.choice("upper_bound", among: bounds, into: &diagnostics) == "excluded"
    plan.retention = reader.duration("retention", into: &diagnostics)
    plan.granularity = reader.duration("granularity", into: &diagnostics)
    plan.step = reader.duration("step", into: &diagnostics)
    readFields(&reader, &plan, into: &diagnostics)
    check(plan, reader, into: &diagnostics)
    reader.finish(into: &diagnostics)
    return plan
  }

  private static func format(_ reader: inout MappingReader, into diagnostics: inout Diagnostics) -> TimeFormat {
    let format = TimeFormat(form: reader.choice("format", as: TimeFormat.Form.self, into: &diagnostics) ?? .iso8601)
    guard let node = reader.optional("zone"), let name = node.text(for: "zone", into: &diagnostics) else { return format }
    guard let zone = Zone(name) else {
      diagnostics.report(.badCursor, "there is no time zone \(name)", at: node.range, hint: "write a name such as Europe/Berlin")
      return format
    }
    return TimeFormat(form: format.form, zone: zone)
  }

  /// `field: updated_at | created_at`, and `newest_first:` with a path of its own or `true`.
  private static func readFields(
    _ reader: inout MappingReader, _ plan: inout Connector.CursorPlan, into diagnostics: inout Diagnostics
  ) {
    plan.fields = reader.optional("field").map { paths($0, into: &diagnostics) } ?? []
    guard let node = reader.optional("newest_first"), node.text != "false" else { return }
    plan.isNewestFirst = true
    if node.text == "true" {
      guard plan.fields.isEmpty else { return }
      diagnostics.report(
        .badCursor, "newest_first does not say where a record's time is", at: node.range,
        hint: "add field: created_at, or write the path here")
    } else if !plan.fields.isEmpty {
      diagnostics.report(.badCursor, "the record's time is named twice", at: node.range, hint: "write newest_first: true")
    } else {
      plan.fields = paths(node, into: &diagnostics)
    }
  }

  private static func paths(_ node: Node, into diagnostics: inout Diagnostics) -> [JSONPath] {
    guard let text = node.text(for: "a path", into: &diagnostics) else { return [] }
    var paths: [JSONPath] = []
    var offset = 0
    for part in text.split(separator: "|", omittingEmptySubsequences: false) {
      let word = part.split(separator: " ").joined(separator: " ")
      if let path = JSONPath(word) {
        paths.append(path)
      } else {
        let leading = part.prefix { $0 == " " }.utf8.count
        diagnostics.report(
          .badPath, "\(word.isEmpty ? "nothing" : word) is no path",
          at: node.range(ofTextAt: offset + leading, length: max(1, word.utf8.count)),
          hint: "write paths with | between them, such as updated_at | created_at")
      }
      offset += part.utf8.count + 1
    }
    return paths
  }

  private static func check(_ plan: Connector.CursorPlan, _ reader: MappingReader, into diagnostics: inout Diagnostics) {
    func fault(_ key: String, _ message: String, _ hint: String) {
      diagnostics.report(.badCursor, message, at: reader.range(ofKey: key), hint: hint)
    }
    let unit = plan.format.unit
    if let retention = plan.retention, retention <= plan.lookback {
      fault("retention", "retention is not longer than lookback", "a vendor keeps more than is read again at each poll")
    }
    if plan.mode == .opaque {
      for key in ["step", "granularity", "retention", "lookback", "upper_bound", "lower_bound", "newest_first"]
      where reader.node[key] != nil {
        fault(key, "an opaque cursor has no \(key)", "the vendor alone knows where its cursor stands: remove \(key):")
      }
    }
    if let step = plan.step, step < unit {
      fault("step", "step is shorter than what \(plan.format.form.rawValue) can say", "write step: \(unit.literal) or more")
    }
    if let granularity = plan.granularity, granularity <= unit {
      fault(
        "granularity", "granularity is not coarser than \(plan.format.form.rawValue)",
        "it says how coarsely the vendor compares, such as 1d; remove it if as finely as it is asked")
    }
    if plan.excludesLowerBound, plan.excludesUpperBound {
      fault("upper_bound", "neither bound is included", "what lies on the border of two walks would be lost: widen one bound")
    }
  }
}
