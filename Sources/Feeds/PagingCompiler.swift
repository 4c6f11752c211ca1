internal import ConfigFiles
internal import Events

/// Reads `paging:`.
struct PagingCompiler {
  /// The stream's cursor, whose times keyset paging and caps go on from.
  let cursor: Connector.CursorPlan
  /// Whether the request names a page size.
  let hasPageSize: Bool
  /// Whether it pages what is asked beside a page, where nothing goes on by time.
  var isExpand = false

  private static let forms = ["token", "last", "next_url", "link_header", "page", "offset", "keyset"]

  func paging(_ node: Node, into diagnostics: inout Diagnostics) -> Connector.Paging {
    guard var reader = MappingReader(node, what: "paging", into: &diagnostics) else { return .none }
    defer { reader.finish(into: &diagnostics) }
    let found = Self.forms.filter { node[$0] != nil }
    let cap = reader.integer("pages", in: 1...1_000_000, into: &diagnostics)
    guard let form = found.first, found.count == 1, let value = reader.optional(form) else {
      for form in Self.forms { _ = reader.optional(form) }
      diagnostics.report(
        .badPaging, found.isEmpty ? "paging names no way to find the next page" : "paging names \(found.joined(separator: " and "))",
        at: node.range, hint: "name one of \(Self.forms.joined(separator: ", "))")
      return .none
    }
    let paging = self.paging(form, value, &reader, into: &diagnostics)
    guard let cap else { return paging }
    checkCap(form, reader, into: &diagnostics)
    return .capped(paging, pages: cap)
  }

  private func paging(
    _ form: String, _ value: Node, _ reader: inout MappingReader, into diagnostics: inout Diagnostics
  ) -> Connector.Paging {
    switch form {
    case "page": return page(value, &reader, into: &diagnostics)
    case "offset": return offset(value, &reader, into: &diagnostics)
    case "keyset": return keyset(value, &reader, into: &diagnostics)
    case "link_header": return value.text(for: "link_header", into: &diagnostics).map { .link(relation: $0) } ?? .none
    default: break
    }
    let ends = Connector.EndFlags(
      stop: reader.optional("stop").flatMap { Self.path($0, into: &diagnostics) },
      more: reader.optional("more").flatMap { Self.path($0, into: &diagnostics) })
    guard let path = Self.path(value, into: &diagnostics) else { return .none }
    if form == "next_url" { return .nextURL(path: path, ends: ends) }
    guard let placement = Self.placement(&reader, "the token", at: reader.node, into: &diagnostics) else { return .none }
    return form == "token" ? .token(path: path, into: placement, ends: ends) : .last(path: path, into: placement, ends: ends)
  }

  private func page(_ value: Node, _ reader: inout MappingReader, into diagnostics: inout Diagnostics) -> Connector.Paging {
    let parameter = value.text(for: "page", into: &diagnostics)
    let first = reader.integer("first", in: 0...1, into: &diagnostics) ?? 1
    let size = size(&reader, isNeeded: true, into: &diagnostics)
    return parameter.map { .page(parameter: .query($0), first: first, size: size) } ?? .none
  }

  private func offset(_ value: Node, _ reader: inout MappingReader, into diagnostics: inout Diagnostics) -> Connector.Paging {
    let total = reader.optional("total").flatMap { Self.path($0, into: &diagnostics) }
    let size = size(&reader, isNeeded: total == nil, into: &diagnostics)
    let isInBody = reader.choice("into", among: ["query", "body"], into: &diagnostics) == "body"
    guard let name = value.text(for: "offset", into: &diagnostics) else { return .none }
    guard isInBody else { return .offset(parameter: .query(name), size: size, total: total) }
    return Self.path(value, into: &diagnostics).map { .offset(parameter: .body($0), size: size, total: total) } ?? .none
  }

  /// How many records a full page holds; nil where the request's page size says it.
  private func size(_ reader: inout MappingReader, isNeeded: Bool, into diagnostics: inout Diagnostics) -> Int64? {
    if isNeeded, !hasPageSize { _ = reader.required("size", into: &diagnostics) }
    return reader.integer("size", in: 1...1_000_000, into: &diagnostics)
  }

  private func keyset(_ value: Node, _ reader: inout MappingReader, into diagnostics: inout Diagnostics) -> Connector.Paging {
    let size = reader.integer("size", in: 1...1_000_000, into: &diagnostics)
    let tiesNode = reader.optional("ties")
    let ties = tiesNode.map { self.ties($0, into: &diagnostics) } ?? Connector.Ties.none
    let total = reader.optional("total").flatMap { Self.path($0, into: &diagnostics) }
    let isSized = size != nil || hasPageSize
    switch ties {
    case .none where tiesNode == nil && !isSized, .byID where !isSized:
      diagnostics.report(.badPaging, "keyset needs size: or ties:", at: value.range, hint: "size: is the most records a full page holds")
    default: break
    }
    if isExpand || cursor.mode != .window {
      diagnostics.report(
        .badPaging, "keyset goes on by time, and there is no cursor here", at: value.range,
        hint: isExpand ? "page what expand: asks for by token, last, page or offset" : "add cursor: with the format of its times")
    } else if cursor.granularity != nil || cursor.isNewestFirst {
      diagnostics.report(
        .badPaging, "keyset needs an ascending list that the vendor compares as finely as it is asked", at: value.range,
        hint: "remove \(cursor.isNewestFirst ? "newest_first" : "granularity"):, or page by token")
    }
    return Self.path(value, into: &diagnostics).map { .keyset(field: $0, size: size, ties: ties, total: total) } ?? .none
  }

  /// A paging of its own, or with `request:` a request of its own for the records of one time.
  private func ties(_ node: Node, into diagnostics: inout Diagnostics) -> Connector.Ties {
    guard let requestNode = node["request"] else { return .paging(paging(node, into: &diagnostics)) }
    guard var reader = MappingReader(node, what: "ties", into: &diagnostics) else { return .none }
    _ = reader.optional("request")
    var use = TemplateCompiler.Use()
    let template = TemplateCompiler(known: ["at", "last", "from", "to"]).request(requestNode, &use, into: &diagnostics)
    for name in ["at", "last"] where !use.names.contains(name) {
      diagnostics.report(
        .badPaging, "the request for ties never says {\(name)}", at: requestNode.range,
        hint: "{at} is the time they share, {last} the id of the last that was read")
    }
    let last = reader.required("last", into: &diagnostics).flatMap { Self.path($0, into: &diagnostics) }
    _ = reader.required("size", into: &diagnostics)
    let size = reader.integer("size", in: 1...1_000_000, into: &diagnostics)
    let least = reader.text("least", into: &diagnostics) ?? ""
    reader.finish(into: &diagnostics)
    guard let template, let last, let size else { return .none }
    return .byID(Connector.TiesByID(request: template, last: last, size: size, least: least))
  }

  private func checkCap(_ form: String, _ reader: MappingReader, into diagnostics: inout Diagnostics) {
    let range = reader.range(ofKey: "pages")
    if isExpand || cursor.mode != .window || cursor.fields.isEmpty {
      diagnostics.report(
        .badPaging, "after a cap the walk goes on from the last record's time, which is not named", at: range,
        hint: isExpand ? "what expand: asks for has no cap" : "add field: to the stream's cursor:, the path of a record's time")
    } else if cursor.isNewestFirst || cursor.granularity != nil || form == "keyset" {
      diagnostics.report(
        .badPaging, "a cap needs an ascending list that the vendor compares as finely as it is asked", at: range,
        hint: form == "keyset" ? "keyset never pages deep: remove pages:" : "ask for the list in ascending order")
    }
  }

  static func placement(
    _ reader: inout MappingReader, _ what: String, at node: Node, into diagnostics: inout Diagnostics
  ) -> Connector.Placement? {
    if let name = reader.text("query", into: &diagnostics) { return .query(name) }
    if let node = reader.optional("body") { return path(node, into: &diagnostics).map { .body($0) } }
    diagnostics.report(.badPaging, "nothing says where \(what) goes", at: node.range, hint: "add query: NAME or body: NAME")
    return nil
  }

  static func path(_ node: Node, into diagnostics: inout Diagnostics) -> JSONPath? {
    guard let text = node.text(for: "a path", into: &diagnostics) else { return nil }
    if let path = JSONPath(text) { return path }
    diagnostics.report(
      .badPath, "\(text) is no path", at: node.range, hint: "write names with dots between them, such as paging.next.after")
    return nil
  }
}
