internal import ConfigFiles
internal import Events
internal import Transport

/// Reads `paging:`.
enum PagingCompiler {
  private static let forms = ["token", "last", "next_url", "page", "keyset"]

  static func paging(_ node: Node, into diagnostics: inout Diagnostics) -> Connector.Paging {
    guard var reader = MappingReader(node, what: "paging", into: &diagnostics) else { return .none }
    defer { reader.finish(into: &diagnostics) }
    let found = forms.filter { node[$0] != nil }
    guard let form = found.first, found.count == 1, let value = reader.optional(form) else {
      for form in forms { _ = reader.optional(form) }
      diagnostics.report(
        .badPaging, found.isEmpty ? "paging names no way to find the next page" : "paging names \(found.joined(separator: " and "))",
        at: node.range, hint: "name one of \(forms.joined(separator: ", "))")
      return .none
    }
    switch form {
    case "page": return page(value, &reader, into: &diagnostics)
    case "keyset": return keyset(value, &reader, into: &diagnostics)
    default: break
    }
    let ends = Connector.EndFlags(
      stop: reader.optional("stop").flatMap { path($0, into: &diagnostics) },
      more: reader.optional("more").flatMap { path($0, into: &diagnostics) })
    guard let path = path(value, into: &diagnostics) else { return .none }
    if form == "next_url" { return .nextURL(path: path, ends: ends) }
    guard let placement = placement(&reader, at: node, into: &diagnostics) else { return .none }
    return form == "token" ? .token(path: path, into: placement, ends: ends) : .last(path: path, into: placement, ends: ends)
  }

  private static func page(_ value: Node, _ reader: inout MappingReader, into diagnostics: inout Diagnostics) -> Connector.Paging {
    let parameter = value.text(for: "page", into: &diagnostics)
    let first = reader.integer("first", in: 0...1, into: &diagnostics) ?? 1
    _ = reader.required("size", into: &diagnostics)
    let size = reader.integer("size", in: 1...1_000_000, into: &diagnostics) ?? 1
    return parameter.map { .page(parameter: .query($0), first: first, size: size) } ?? .none
  }

  private static func keyset(_ value: Node, _ reader: inout MappingReader, into diagnostics: inout Diagnostics) -> Connector.Paging {
    let size = reader.integer("size", in: 1...1_000_000, into: &diagnostics)
    let ties = reader.optional("ties").map { paging($0, into: &diagnostics) } ?? .none
    if case .none = ties, size == nil {
      diagnostics.report(.badPaging, "keyset needs size: or ties:", at: value.range, hint: "size: is the most records a full page holds")
    }
    let total = reader.optional("total").flatMap { path($0, into: &diagnostics) }
    return path(value, into: &diagnostics).map { .keyset(field: $0, size: size ?? .max, ties: ties, total: total) } ?? .none
  }

  private static func placement(
    _ reader: inout MappingReader, at node: Node, into diagnostics: inout Diagnostics
  ) -> Connector.Placement? {
    if let name = reader.text("query", into: &diagnostics) { return .query(name) }
    if let name = reader.text("body", into: &diagnostics) { return .body(name) }
    diagnostics.report(.badPaging, "paging does not say where the token goes", at: node.range, hint: "add query: NAME or body: NAME")
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

extension StreamCompiler {
  /// Reads `request:`.
  static func request(_ node: Node, _ cursor: Connector.CursorPlan, into diagnostics: inout Diagnostics) -> RequestTemplate? {
    guard var reader = MappingReader(node, what: "request", into: &diagnostics) else { return nil }
    let templates = TemplateReader(mode: cursor.mode)
    var used: Set<String> = []
    let method = reader.choice("method", among: ["GET", "POST"], into: &diagnostics) ?? "GET"
    let pathNode = reader.required("path", into: &diagnostics)
    let path = pathNode.flatMap { $0.text(for: "path", into: &diagnostics) }
    if let pathNode, let path, !path.hasPrefix("/") || path.contains(where: { $0 == "?" || $0 == "#" || $0 == " " }) {
      diagnostics.report(.badURL, "path begins with / and has no query: \(path)", at: pathNode.range, hint: "put parameters below query:")
    }
    var request = RequestTemplate(method: method, path: path ?? "/")
    request.query = templates.parameters(reader.mapping("query", into: &diagnostics), &used, into: &diagnostics)
    request.firstPageQuery = templates.parameters(reader.mapping("first_page", into: &diagnostics), &used, into: &diagnostics)
    for entry in reader.mapping("headers", into: &diagnostics) {
      let value = entry.value.text(for: entry.name, into: &diagnostics) ?? ""
      let isToken = entry.name.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: ":") }
      if isToken, value.utf8.allSatisfy({ $0 >= 32 && $0 != 127 }) {
        request.headers.append(HTTPHeader(entry.name, value))
      } else {
        diagnostics.report(.badURL, "the header \(entry.name) cannot be sent", at: entry.key.range, hint: "write one line of plain text")
      }
    }
    request.body = reader.optional("body").map { templates.body($0, &used, into: &diagnostics) }
    if request.body != nil, method == "GET" {
      diagnostics.report(.badURL, "a GET has no body", at: reader.range(ofKey: "body"), hint: "write method: POST")
    }
    if cursor.mode == .window, !used.contains("from") {
      diagnostics.report(
        .badCursor, "the request never says {from}, so the cursor would have no effect", at: node.range,
        hint: "put {from} where the vendor expects the lower bound")
    }
    reader.finish(into: &diagnostics)
    return request
  }
}

/// Reads texts with gaps.
private struct TemplateReader {
  let mode: Connector.CursorPlan.Mode

  private var known: [String] {
    switch mode {
    case .list: []
    case .opaque: ["from"]
    case .window: ["from", "to"]
    }
  }

  /// A parameter per entry; a list gives one for each element.
  func parameters(_ entries: [Node.Entry], _ used: inout Set<String>, into diagnostics: inout Diagnostics) -> [RequestTemplate.Parameter] {
    var parameters: [RequestTemplate.Parameter] = []
    for entry in entries {
      for node in entry.value.elements ?? [entry.value] {
        guard node.text(for: entry.name, into: &diagnostics) != nil else { continue }
        parameters.append(RequestTemplate.Parameter(name: entry.name, value: text(node, &used, into: &diagnostics)))
      }
    }
    return parameters
  }

  /// JSON of the same form; what has no quotes and looks like a number or a flag is one.
  func body(_ node: Node, _ used: inout Set<String>, into diagnostics: inout Diagnostics) -> BodyTemplate {
    switch node.content {
    case .null: return .fixed(.null)
    case .sequence(let elements): return .list(elements.map { body($0, &used, into: &diagnostics) })
    case .mapping(let entries):
      var members: [String: BodyTemplate] = [:]
      for entry in entries { members[entry.name] = body(entry.value, &used, into: &diagnostics) }
      return .object(members)
    case .scalar(let text, let isQuoted):
      if !isQuoted, let number = Int64(text) { return .fixed(.integer(number)) }
      if !isQuoted, text == "true" || text == "false" { return .fixed(.flag(text == "true")) }
      return .text(self.text(node, &used, into: &diagnostics))
    }
  }

  private func text(_ node: Node, _ used: inout Set<String>, into diagnostics: inout Diagnostics) -> TextTemplate {
    let text = node.text ?? ""
    var parts: [TextTemplate.Part] = []
    var rest = text[...]
    while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
      parts.append(.literal(String(rest[..<open])))
      let name = String(rest[rest.index(after: open)..<close])
      rest = rest[rest.index(after: close)...]
      guard known.contains(name) else {
        diagnostics.report(
          .badPlaceholder, "{\(name)} stands for nothing here",
          at: node.range(ofTextAt: text.utf8.distance(from: text.startIndex, to: open), length: name.utf8.count + 2),
          hint: suggestion(for: name, among: known) ?? "a stream without cursor: has no {from} and {to}")
        continue
      }
      used.insert(name)
      parts.append(name == "from" ? .from : .to)
    }
    parts.append(.literal(String(rest)))
    return TextTemplate(parts: parts)
  }
}
