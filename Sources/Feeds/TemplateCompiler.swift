internal import ConfigFiles
internal import Events
internal import Transport

/// Reads `request:`, of a stream or of what is asked beside its pages.
struct TemplateCompiler {
  /// The gaps that may stand in it, without their braces.
  let known: [String]
  /// Whether `{record.PATH}` may.
  var hasRecord = false
  /// Whether it asks about several records at once.
  var isBatch = false

  /// What a request turned out to use.
  struct Use {
    var names: Set<String> = []
  }

  func request(_ node: Node, _ use: inout Use, into diagnostics: inout Diagnostics) -> RequestTemplate? {
    guard var reader = MappingReader(node, what: "request", into: &diagnostics) else { return nil }
    let method = reader.choice("method", among: ["GET", "POST", "PUT", "PATCH"], into: &diagnostics) ?? "GET"
    let pathNode = reader.required("path", into: &diagnostics)
    let path = pathNode.flatMap { $0.text(for: "path", into: &diagnostics) } ?? "/"
    if let pathNode, !path.hasPrefix("/") || path.contains(where: { $0 == "?" || $0 == "#" || $0 == " " }) {
      diagnostics.report(.badURL, "path begins with / and has no query: \(path)", at: pathNode.range, hint: "put parameters below query:")
    }
    let pathText = pathNode.map { text($0, &use, into: &diagnostics) } ?? TextTemplate(literal: path)
    if isBatch, let pathNode, !pathText.recordPaths.isEmpty {
      diagnostics.report(
        .badExpand, "a path names one record, and batch: asks about several", at: pathNode.range,
        hint: "put the ids below query:, form: or body:, or remove batch:")
    }
    var request = RequestTemplate(method: method, path: path, pathText: pathText)
    request.query = parameters(reader.mapping("query", into: &diagnostics), &use, into: &diagnostics)
    request.firstPageQuery = parameters(reader.mapping("first_page", into: &diagnostics), &use, into: &diagnostics)
    request.dropsOnNextPage = reader.flag("next_page_drops", into: &diagnostics) ?? false
    request.headers = headers(&reader, &use, into: &diagnostics)
    request.body = body(&reader, method, &use, into: &diagnostics)
    request.pageSize = reader.optional("page_size").flatMap { self.pageSize($0, into: &diagnostics) }
    reader.finish(into: &diagnostics)
    return request
  }

  private func headers(_ reader: inout MappingReader, _ use: inout Use, into diagnostics: inout Diagnostics) -> [RequestTemplate.Parameter]
  {
    var headers: [RequestTemplate.Parameter] = []
    for entry in reader.mapping("headers", into: &diagnostics) {
      let value = entry.value.text(for: entry.name, into: &diagnostics) ?? ""
      let isToken = !entry.name.isEmpty && entry.name.utf8.allSatisfy { $0 > 32 && $0 < 127 && $0 != UInt8(ascii: ":") }
      if isToken, value.utf8.allSatisfy({ $0 >= 32 && $0 != 127 }) {
        headers.append(RequestTemplate.Parameter(name: entry.name, value: text(entry.value, &use, into: &diagnostics)))
      } else {
        diagnostics.report(.badURL, "the header \(entry.name) cannot be sent", at: entry.key.range, hint: "write one line of plain text")
      }
    }
    return headers
  }

  private func body(
    _ reader: inout MappingReader, _ method: String, _ use: inout Use, into diagnostics: inout Diagnostics
  ) -> RequestTemplate.Body? {
    let json = reader.optional("body").map { RequestTemplate.Body.json(self.json($0, &use, into: &diagnostics)) }
    let hasForm = reader.optional("form") != nil
    let fields = reader.mapping("form", into: &diagnostics)
    let form = hasForm ? RequestTemplate.Body.form(parameters(fields, &use, into: &diagnostics)) : nil
    if json != nil, form != nil {
      diagnostics.report(
        .badURL, "a request has one body", at: reader.range(ofKey: "form"), hint: "body: is sent as JSON, form: as a form; remove one")
    }
    if json != nil || form != nil, method == "GET" {
      diagnostics.report(
        .badURL, "a GET has no body", at: reader.range(ofKey: json == nil ? "form" : "body"), hint: "write method: POST")
    }
    return json ?? form
  }

  private func pageSize(_ node: Node, into diagnostics: inout Diagnostics) -> RequestTemplate.PageSize? {
    guard var reader = MappingReader(node, what: "page_size", into: &diagnostics) else { return nil }
    let placement = PagingCompiler.placement(&reader, "the page size", at: node, into: &diagnostics)
    _ = reader.required("most", into: &diagnostics)
    let most = reader.integer("most", in: 1...1_000_000, into: &diagnostics)
    let least = reader.integer("least", in: 1...1_000_000, into: &diagnostics) ?? 1
    if let most, least > most {
      diagnostics.report(.badPaging, "least is more than most", at: reader.range(ofKey: "least"), hint: "write least: 1")
    }
    reader.finish(into: &diagnostics)
    guard let placement, let most, least <= most else { return nil }
    return RequestTemplate.PageSize(placement: placement, most: most, least: least)
  }

  /// A parameter per entry; a list gives one for each element.
  private func parameters(_ entries: [Node.Entry], _ use: inout Use, into diagnostics: inout Diagnostics) -> [RequestTemplate.Parameter] {
    var parameters: [RequestTemplate.Parameter] = []
    for entry in entries {
      for node in entry.value.elements ?? [entry.value] {
        guard node.text(for: entry.name, into: &diagnostics) != nil else { continue }
        parameters.append(RequestTemplate.Parameter(name: entry.name, value: text(node, &use, into: &diagnostics)))
      }
    }
    return parameters
  }

  /// JSON of the same form; what has no quotes and looks like a number or a flag is one.
  private func json(_ node: Node, _ use: inout Use, into diagnostics: inout Diagnostics) -> BodyTemplate {
    switch node.content {
    case .null: return .fixed(.null)
    case .sequence(let elements):
      if isBatch, elements.count == 1 {
        var inner = Use()
        let element = json(elements[0], &inner, into: &diagnostics)
        use.names.formUnion(inner.names)
        return inner.names.contains("record") ? .each(element) : .list([element])
      }
      return .list(elements.map { json($0, &use, into: &diagnostics) })
    case .mapping(let entries):
      var members: [String: BodyTemplate] = [:]
      for entry in entries { members[entry.name] = json(entry.value, &use, into: &diagnostics) }
      return .object(members)
    case .scalar(let text, let isQuoted):
      if !isQuoted, let number = Int64(text) { return .fixed(.integer(number)) }
      if !isQuoted, text == "true" || text == "false" { return .fixed(.flag(text == "true")) }
      let template = self.text(node, &use, into: &diagnostics)
      if case .record(let path)? = template.parts.first, template.parts.count == 1 { return .record(path) }
      return .text(template)
    }
  }

  /// Text in which `{name}` is a gap; braces around anything that is no such name, as in GraphQL, are text.
  func text(_ node: Node, _ use: inout Use, into diagnostics: inout Diagnostics) -> TextTemplate {
    let text = node.text ?? ""
    var parts: [TextTemplate.Part] = []
    var literal = ""
    var rest = text[...]
    while let open = rest.firstIndex(of: "{") {
      literal += rest[..<open]
      let name = rest[rest.index(after: open)...].prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "_.-$".contains($0)) }
      guard !name.isEmpty, name.endIndex < rest.endIndex, rest[name.endIndex] == "}" else {
        literal.append("{")
        rest = rest[rest.index(after: open)...]
        continue
      }
      rest = rest[rest.index(after: name.endIndex)...]
      guard let part = part(String(name)) else {
        diagnostics.report(
          .badPlaceholder, "{\(name)} stands for nothing here",
          at: node.range(ofTextAt: text.utf8.distance(from: text.startIndex, to: open), length: name.utf8.count + 2),
          hint: advice(on: String(name)))
        continue
      }
      if !literal.isEmpty { parts.append(.literal(literal)) }
      literal = ""
      if case .record = part { use.names.insert("record") } else { use.names.insert(String(name)) }
      parts.append(part)
    }
    literal += rest
    if !literal.isEmpty { parts.append(.literal(literal)) }
    return TextTemplate(parts: parts)
  }

  private func part(_ name: String) -> TextTemplate.Part? {
    if hasRecord, name.hasPrefix("record.") { return JSONPath(String(name.dropFirst(7))).map { .record($0) } }
    guard known.contains(name) else { return nil }
    switch name {
    case "from": return .from
    case "to": return .to
    case "at": return .at
    case "last": return .last
    default: return nil
    }
  }

  private func advice(on name: String) -> String {
    if name.hasPrefix("record"), !hasRecord { return "only a request below expand: knows records" }
    return suggestion(for: name, among: known + (hasRecord ? ["record.id"] : [])) ?? "a stream without cursor: has no {from} and {to}"
  }
}
