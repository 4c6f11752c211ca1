internal import ConfigFiles
internal import Events
internal import Transport

/// Reads one stream of a feed file.
struct StreamCompiler {
  /// The feed's own start, for streams that name none.
  let start: Connector.Start
  /// Mappings shared by several streams, by name.
  let shapes: [String: Node]

  func stream(_ node: Node, into diagnostics: inout Diagnostics) -> Connector.Stream? {
    guard var reader = MappingReader(node, what: "stream", into: &diagnostics) else { return nil }
    let name = reader.requiredText("name", into: &diagnostics)
    let isBackfill = reader.flag("once", into: &diagnostics) ?? false
    let completes = reader.list("completes", into: &diagnostics).compactMap { Self.kind($0, into: &diagnostics) }
    let covers = reader.choice("covers", among: ["customers"], into: &diagnostics) != nil
    let start = reader.optional("start").flatMap { Self.start($0, into: &diagnostics) }
    let cursor = Self.cursor(reader.optional("cursor"), into: &diagnostics)
    let request = reader.required("request", into: &diagnostics).flatMap { Self.request($0, cursor, into: &diagnostics) }
    let paging = reader.optional("paging").map { PagingCompiler.paging($0, into: &diagnostics) } ?? Connector.Paging.none
    let selection = reader.required("records", into: &diagnostics).flatMap { Self.selection($0, into: &diagnostics) }
    let rules = reader.list("errors", into: &diagnostics).compactMap { Self.errorRule($0, into: &diagnostics) }
    var compiler = MappingCompiler()
    _ = reader.required("map", into: &diagnostics)
    let mappings = reader.list("map", into: &diagnostics).prefix(Connector.mappingLimit)
      .compactMap { mapping($0, &compiler, into: &diagnostics) }
    if isBackfill, cursor.mode != .list {
      diagnostics.report(.badCursor, "a stream read once has no cursor", at: reader.range(ofKey: "cursor"), hint: "remove once: or cursor:")
    }
    reader.finish(into: &diagnostics)
    guard let name, let request, let selection else { return nil }
    return Connector.Stream(
      name: name, isBackfill: isBackfill, completes: completes, coversCustomers: covers, start: start ?? self.start, request: request,
      paging: paging, cursor: cursor, selection: selection, mappings: mappings, paths: compiler.paths, errorRules: rules)
  }

  /// A duration back from now, a date, or `beginning`.
  static func start(_ node: Node, into diagnostics: inout Diagnostics) -> Connector.Start? {
    guard let text = node.text(for: "start", into: &diagnostics) else { return nil }
    if text == "beginning" { return .beginning }
    if let span = Span(literal: text) { return .ago(span) }
    if let instant = Instant(iso8601: text) { return .at(instant) }
    diagnostics.report(
      .badStart, "start is a duration, a date or beginning, not \(text)", at: node.range, hint: "write start: 180d or start: 2026-01-31")
    return nil
  }

  static func kind(_ node: Node, into diagnostics: inout Diagnostics) -> Kind? {
    node.choice(for: "a kind", among: Kind.allCases.map(\.rawValue), into: &diagnostics).flatMap(Kind.init(rawValue:))
  }

  private static func cursor(_ node: Node?, into diagnostics: inout Diagnostics) -> Connector.CursorPlan {
    var plan = Connector.CursorPlan()
    guard let node, var reader = MappingReader(node, what: "cursor", into: &diagnostics) else { return plan }
    plan.mode = reader.flag("opaque", into: &diagnostics) ?? false ? .opaque : .window
    plan.format = reader.choice("format", as: TimeFormat.self, into: &diagnostics) ?? .iso8601
    plan.lag = reader.duration("lag", into: &diagnostics) ?? .seconds(0)
    plan.lookback = reader.duration("lookback", into: &diagnostics) ?? .seconds(0)
    plan.excludesLowerBound = reader.choice("lower_bound", among: ["included", "excluded"], into: &diagnostics) == "excluded"
    plan.retention = reader.duration("retention", into: &diagnostics)
    plan.field = reader.optional("newest_first").flatMap { PagingCompiler.path($0, into: &diagnostics) }
    if let retention = plan.retention, retention <= plan.lookback {
      diagnostics.report(.badCursor, "retention is not longer than lookback", at: reader.range(ofKey: "retention"))
    }
    reader.finish(into: &diagnostics)
    return plan
  }

  private static func selection(_ node: Node, into diagnostics: inout Diagnostics) -> Connector.RecordSelection? {
    guard node.entries != nil else { return PagingCompiler.path(node, into: &diagnostics).map { .list($0) } }
    guard var reader = MappingReader(node, what: "records", into: &diagnostics) else { return nil }
    let columns = reader.required("columns", into: &diagnostics).flatMap { PagingCompiler.path($0, into: &diagnostics) }
    let rows = reader.required("rows", into: &diagnostics).flatMap { PagingCompiler.path($0, into: &diagnostics) }
    reader.finish(into: &diagnostics)
    guard let columns, let rows else { return nil }
    return .rows(columns: columns, rows: rows)
  }

  private static func errorRule(_ node: Node, into diagnostics: inout Diagnostics) -> Connector.ErrorRule? {
    guard var reader = MappingReader(node, what: "rule for errors", into: &diagnostics) else { return nil }
    _ = reader.required("status", into: &diagnostics)
    let status = reader.integer("status", in: 300...599, into: &diagnostics)
    let body = reader.text("body", into: &diagnostics) ?? ""
    _ = reader.required("then", into: &diagnostics)
    let action = reader.choice("then", as: Connector.ErrorRule.Action.self, into: &diagnostics)
    reader.finish(into: &diagnostics)
    guard let status, let action else { return nil }
    return Connector.ErrorRule(status: Int(status), body: body, action: action)
  }
}

extension StreamCompiler {
  /// One entry of `map:`, with what it takes from a shape.
  func mapping(_ node: Node, _ compiler: inout MappingCompiler, into diagnostics: inout Diagnostics) -> RecordMapping? {
    guard let node = withShape(node, into: &diagnostics), var reader = MappingReader(node, what: "mapping", into: &diagnostics) else {
      return nil
    }
    defer { reader.finish(into: &diagnostics) }
    let kindNode = reader.required("kind", into: &diagnostics)
    let kind = kindNode.flatMap { Self.kind($0, into: &diagnostics) }
    let when = reader.optional("when").flatMap { compiler.condition($0, into: &diagnostics) }
    let base = base(&reader, &compiler, into: &diagnostics)
    let id = reader.required("id", into: &diagnostics).flatMap { compiler.expression($0, type: .text, name: "id", into: &diagnostics) }
    let at = reader.required("at", into: &diagnostics).flatMap { compiler.expression($0, type: .instant, name: "at", into: &diagnostics) }
    let account = reader.optional("account").flatMap { compiler.expression($0, type: .text, name: "account", into: &diagnostics) }
    let personNode = reader.optional("person")
    let person = personNode.flatMap { compiler.expression($0, type: .text, name: "person", into: &diagnostics) }
    let entries = reader.mapping("fields", into: &diagnostics)
    guard let kind else { return nil }
    let schema = EventSchema.fields(of: kind)
    if let personNode, !schema.contains(where: { $0.name == "person" }) {
      diagnostics.report(.unknownField, "\(kind.rawValue) has no person", at: personNode.range, hint: "remove it")
    }
    let fields = compiler.fields(entries, of: schema.filter { $0.name != "person" }, what: kind.rawValue, into: &diagnostics)
    guard let id, let at else { return nil }
    return RecordMapping(kind: kind, when: when, base: base, id: id, at: at, account: account, person: person, fields: fields)
  }

  private func base(
    _ reader: inout MappingReader, _ compiler: inout MappingCompiler, into diagnostics: inout Diagnostics
  ) -> RecordMapping.Base {
    let part = reader.optional("base")
    let each = reader.optional("each")
    if let part, each != nil {
      diagnostics.report(
        .badMapping, "a mapping has base: or each:, not both", at: part.range, hint: "each: names the whole path of its list")
    }
    if let part { return compiler.expression(part, type: .text, name: "base", into: &diagnostics).map { .part($0) } ?? .root }
    if let each { return compiler.expression(each, type: .text, name: "each", into: &diagnostics).map { .each($0) } ?? .root }
    return .root
  }

  /// The entry with its shape's keys below its own.
  private func withShape(_ node: Node, into diagnostics: inout Diagnostics) -> Node? {
    guard let reference = node["shape"] else { return node }
    guard let shape = shapes[reference.text ?? ""] else {
      diagnostics.report(
        .badMapping, "there is no shape \(reference.text ?? "")", at: reference.range,
        hint: suggestion(for: reference.text ?? "", among: shapes.keys.sorted()))
      return nil
    }
    let own = (node.entries ?? []).filter { $0.name != "shape" }
    let shared = (shape.entries ?? []).filter { entry in !own.contains { $0.name == entry.name } }
    return Node(.mapping(own + shared), range: node.range)
  }
}
