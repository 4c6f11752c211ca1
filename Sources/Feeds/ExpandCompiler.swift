package import ConfigFiles
internal import Events

extension Diagnostic.Code {
  package static let badExpand: Self = "BW0220"
}

/// Reads an entry of `expand:`.
struct ExpandCompiler {
  let cursor: Connector.CursorPlan

  func followUp(_ node: Node, into diagnostics: inout Diagnostics) -> Connector.FollowUp? {
    guard var reader = MappingReader(node, what: "expand", into: &diagnostics) else { return nil }
    let into = reader.required("into", into: &diagnostics).flatMap { PagingCompiler.path($0, into: &diagnostics) }
    if into?.steps.isEmpty == true {
      diagnostics.report(.badExpand, "into: names no place in the record", at: reader.range(ofKey: "into"), hint: "write into: items.data")
    }
    var conditions = MappingCompiler()
    let when = reader.optional("when").flatMap { conditions.condition($0, into: &diagnostics) }
    let batch = reader.integer("batch", in: 1...Int64(Connector.FollowUp.batchLimit), into: &diagnostics)
    let match = self.match(&reader, batch, into: &diagnostics)
    let requestNode = reader.required("request", into: &diagnostics)
    let request = requestNode.flatMap { self.request($0, isBatch: batch != nil, into: &diagnostics) }
    let records = reader.required("records", into: &diagnostics).flatMap { PagingCompiler.path($0, into: &diagnostics) }
    let pager = PagingCompiler(cursor: cursor, hasPageSize: request?.pageSize != nil, isExpand: true)
    let paging = reader.optional("paging").map { pager.paging($0, into: &diagnostics) } ?? Connector.Paging.none
    let rules = reader.list("errors", into: &diagnostics).compactMap { StreamCompiler.errorRule($0, into: &diagnostics) }
    reader.finish(into: &diagnostics)
    guard let into, let request, let records else { return nil }
    return Connector.FollowUp(
      into: into, when: when, request: request, records: records, paging: paging, batch: Int(batch ?? 1), match: match, errorRules: rules)
  }

  private func request(_ node: Node, isBatch: Bool, into diagnostics: inout Diagnostics) -> RequestTemplate? {
    var use = TemplateCompiler.Use()
    let templates = TemplateCompiler(known: cursor.placeholders, hasRecord: true, isBatch: isBatch)
    let request = templates.request(node, &use, into: &diagnostics)
    if !use.names.contains("record") {
      diagnostics.report(
        .badExpand, "the request says nothing of the record it is made for", at: node.range,
        hint: "put {record.id}, or another path of the record, where the vendor expects it")
    }
    return request
  }

  private func match(
    _ reader: inout MappingReader, _ batch: Int64?, into diagnostics: inout Diagnostics
  ) -> Connector.FollowUp.Match? {
    guard let node = reader.optional("match") else {
      if batch != nil {
        diagnostics.report(
          .badExpand, "nothing says which result of a batch belongs to which record", at: reader.range(ofKey: "batch"),
          hint: "add match: { theirs: PATH in a result, ours: PATH in the record }")
      }
      return nil
    }
    if batch == nil {
      diagnostics.report(
        .badExpand, "match: is for a batch", at: reader.range(ofKey: "match"), hint: "add batch: 100, or remove match:")
    }
    guard var match = MappingReader(node, what: "match", into: &diagnostics) else { return nil }
    let theirs = match.required("theirs", into: &diagnostics).flatMap { PagingCompiler.path($0, into: &diagnostics) }
    let ours = match.required("ours", into: &diagnostics).flatMap { PagingCompiler.path($0, into: &diagnostics) }
    match.finish(into: &diagnostics)
    guard let theirs, let ours else { return nil }
    return Connector.FollowUp.Match(theirs: theirs, ours: ours)
  }
}
