package import ConfigFiles
internal import Events

extension Diagnostic.Code {
  package static let badDecode: Self = "BW0221"
}

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
    let cursor = CursorCompiler.cursor(reader.optional("cursor"), into: &diagnostics)
    let request = reader.required("request", into: &diagnostics).flatMap { Self.request($0, cursor, into: &diagnostics) }
    let pager = PagingCompiler(cursor: cursor, hasPageSize: request?.pageSize != nil)
    let paging = reader.optional("paging").map { pager.paging($0, into: &diagnostics) } ?? Connector.Paging.none
    let followUps = followUps(&reader, cursor, into: &diagnostics)
    let decoding = decoding(&reader, paging, hasFollowUps: !followUps.isEmpty, into: &diagnostics)
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
    if case .rows = selection, !followUps.isEmpty {
      diagnostics.report(
        .badExpand, "rows have no place for what expand: finds", at: reader.range(ofKey: "expand"),
        hint: "expand: needs records that are objects")
    }
    checkSelection(selection, decoding, reader, into: &diagnostics)
    if rules.contains(where: { $0.action == .shrink }), request.pageSize == nil, cursor.step == nil {
      diagnostics.report(
        .badPaging, "nothing here can be asked for less", at: reader.range(ofKey: "errors"),
        hint: "add page_size: to the request or step: to the cursor")
    }
    return Connector.Stream(
      name: name, isBackfill: isBackfill, completes: completes, coversCustomers: covers, start: start ?? self.start, request: request,
      paging: paging, cursor: cursor, decoding: decoding, selection: selection, followUps: followUps, mappings: mappings,
      paths: compiler.paths,
      errorRules: rules)
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

  private static func kind(_ node: Node, into diagnostics: inout Diagnostics) -> Kind? {
    node.choice(for: "a kind", among: Kind.allCases.map(\.rawValue), into: &diagnostics).flatMap(Kind.init(rawValue:))
  }

  private func decoding(
    _ reader: inout MappingReader, _ paging: Connector.Paging, hasFollowUps: Bool, into diagnostics: inout Diagnostics
  ) -> Decoding {
    let layers = reader.list("decode", into: &diagnostics).compactMap { $0.text(for: "decode", into: &diagnostics) }
    let range = reader.range(ofKey: "decode")
    do throws(Decoding.Fault) {
      let decoding = try Decoding(layers: layers)
      guard decoding.isStreamed else { return decoding }
      switch paging {
      case .none, .link: break
      default:
        diagnostics.report(
          .badDecode, "what is read record by record has no answer around it to page by", at: range,
          hint: "leave paging: out, or use link_header")
      }
      if hasFollowUps {
        diagnostics.report(
          .badDecode, "what is read record by record cannot be expanded", at: range, hint: "remove expand:, or list it by another stream")
      }
      return decoding
    } catch {
      diagnostics.report(.badDecode, "\(error)", at: range, hint: "write the outermost layer first, such as [zip, gzip, jsonl]")
      return Decoding()
    }
  }

  private func checkSelection(
    _ selection: Connector.RecordSelection, _ decoding: Decoding, _ reader: MappingReader, into diagnostics: inout Diagnostics
  ) {
    guard decoding.isStreamed else { return }
    let isWhole = if case .list(let path) = selection { path.steps.isEmpty } else { false }
    if decoding.format != .json, !isWhole {
      diagnostics.report(
        .badDecode, "each line of \(decoding.format.rawValue) is a record", at: reader.range(ofKey: "records"), hint: "write records: .")
    } else if case .rows = selection {
      diagnostics.report(
        .badDecode, "rows are not read from what is wrapped", at: reader.range(ofKey: "records"), hint: "name the path of a list of objects"
      )
    }
  }

  private func followUps(
    _ reader: inout MappingReader, _ cursor: Connector.CursorPlan, into diagnostics: inout Diagnostics
  ) -> [Connector.FollowUp] {
    let nodes = reader.list("expand", into: &diagnostics)
    if nodes.count > Connector.followUpLimit {
      diagnostics.report(
        .badExpand, "a stream expands at most \(Connector.followUpLimit) lists", at: reader.range(ofKey: "expand"),
        hint: "list the others by a stream of their own")
    }
    return nodes.prefix(Connector.followUpLimit).compactMap { ExpandCompiler(cursor: cursor).followUp($0, into: &diagnostics) }
  }

  private static func request(
    _ node: Node, _ cursor: Connector.CursorPlan, into diagnostics: inout Diagnostics
  ) -> RequestTemplate? {
    var use = TemplateCompiler.Use()
    let request = TemplateCompiler(known: cursor.placeholders).request(node, &use, into: &diagnostics)
    if cursor.mode == .window, !use.names.contains("from") {
      diagnostics.report(
        .badCursor, "the request never says {from}, so the cursor would have no effect", at: node.range,
        hint: "put {from} where the vendor expects the lower bound")
    }
    if cursor.step != nil, !use.names.contains("to") {
      diagnostics.report(
        .badCursor, "the request never says {to}, so a step would have no end", at: node.range,
        hint: "put {to} where the vendor expects the upper bound, or remove step:")
    }
    return request
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

  static func errorRule(_ node: Node, into diagnostics: inout Diagnostics) -> Connector.ErrorRule? {
    guard var reader = MappingReader(node, what: "rule for errors", into: &diagnostics) else { return nil }
    _ = reader.required("status", into: &diagnostics)
    let status = reader.integer("status", in: 200...599, into: &diagnostics)
    let body = reader.text("body", into: &diagnostics) ?? ""
    if let status, status < 300, body.isEmpty {
      diagnostics.report(
        .missingKey, "a rule for \(status) needs body:, or every good answer would be an error", at: node.range,
        hint: "write body: and a text that only the error holds")
    }
    _ = reader.required("then", into: &diagnostics)
    let action = reader.choice("then", as: Connector.ErrorRule.Action.self, into: &diagnostics)
    reader.finish(into: &diagnostics)
    guard let status, let action else { return nil }
    return Connector.ErrorRule(status: Int(status), body: body, action: action)
  }
}

extension StreamCompiler {
  /// One entry of `map:`, with what it takes from a shape.
  private func mapping(_ node: Node, _ compiler: inout MappingCompiler, into diagnostics: inout Diagnostics) -> RecordMapping? {
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
