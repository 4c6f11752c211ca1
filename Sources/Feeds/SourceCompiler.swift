package import ConfigFiles
internal import Events

extension Diagnostic.Code {
  package static let badSource: Self = "BW0230"
  package static let badFolder: Self = "BW0231"
  package static let badListener: Self = "BW0232"
}

/// Reads feed files whose records do not come from asking an API: `folder:` and `push:`.
enum SourceCompiler {
  /// Keys that only mean something where an API is asked.
  private static let apiKeys = ["base_url", "allow_private", "auth", "budget", "rate_reset", "start"]
  private static let apiStreamKeys = ["request", "paging", "cursor", "errors", "expand", "once", "start"]

  static func isLocal(_ root: Node) -> Bool { root["folder"] != nil || root["push"] != nil }

  static func connector(_ feed: inout MappingReader, at root: Node, into diagnostics: inout Diagnostics) -> Connector? {
    let name = feed.requiredText("name", into: &diagnostics)
    let system = feed.text("system", into: &diagnostics)
    let isEnabled = feed.flag("enabled", into: &diagnostics) ?? false
    let folder = feed.optional("folder")
    let push = feed.optional("push")
    refuse(apiKeys, in: &feed, kind: folder == nil ? "push" : "folder", into: &diagnostics)
    if folder != nil, push != nil {
      diagnostics.report(
        .badSource, "a feed has a folder or a push, not both", at: feed.range(ofKey: "push"), hint: "write two feed files")
    }
    let poll = pollInterval(&feed, isPush: folder == nil, into: &diagnostics)
    var shapes: [String: Node] = [:]
    for entry in feed.mapping("shapes", into: &diagnostics) { shapes[entry.name] = entry.value }
    let compiler = StreamCompiler(start: .beginning, shapes: shapes)
    let nodes = feed.list("streams", into: &diagnostics)
    if nodes.isEmpty || nodes.count > Connector.streamLimit {
      diagnostics.report(
        .missingKey, "a feed has 1 to \(Connector.streamLimit) streams", at: feed.range(ofKey: "streams"), hint: "add streams:")
    }
    let streams = streams(nodes.prefix(Connector.streamLimit), compiler, isPush: folder == nil, into: &diagnostics)
    var source: Connector.Source?
    if let folder {
      source = self.folder(folder, streams, into: &diagnostics).map { .folder($0) }
    } else if let push {
      source = self.push(push, streams, into: &diagnostics).map { .push($0) }
    } else {
      diagnostics.report(.missingKey, "\(root["folder"] == nil ? "push" : "folder") has no value", at: root.range)
    }
    guard let name, let source else { return nil }
    return Connector(
      name: name, system: system ?? name, isEnabled: isEnabled, source: source, baseURL: "", allowPrivate: false, authentication: .none,
      budget: [], rateReset: nil, pollInterval: poll, staleAfter: nil, streams: [], range: root["name"]?.range ?? root.range)
  }

  private static func refuse(_ keys: [String], in reader: inout MappingReader, kind: String, into diagnostics: inout Diagnostics) {
    for key in keys where reader.optional(key) != nil {
      diagnostics.report(
        .badSource, "\(key) has no meaning in a \(kind) feed: nothing is asked of an API", at: reader.range(ofKey: key),
        hint: "remove it, or remove \(kind):")
    }
  }

  private static func pollInterval(_ feed: inout MappingReader, isPush: Bool, into diagnostics: inout Diagnostics) -> Span {
    guard let poll = feed.optional("poll") else { return .minutes(1) }
    if isPush {
      diagnostics.report(
        .badSource, "a push feed is not polled: its sender decides when", at: feed.range(ofKey: "poll"), hint: "remove it")
      return .minutes(1)
    }
    let interval = poll.duration(for: "poll", into: &diagnostics) ?? .minutes(1)
    if interval < Connector.shortestPoll {
      diagnostics.report(
        .badDuration, "poll is shorter than \(Connector.shortestPoll.literal)", at: poll.range, hint: "write poll: 1m")
    }
    return interval
  }

  private static func folder(_ node: Node, _ streams: [LocalStream], into diagnostics: inout Diagnostics) -> FolderFeed? {
    guard var reader = MappingReader(node, what: "folder", into: &diagnostics) else { return nil }
    defer { reader.finish(into: &diagnostics) }
    let pathNode = reader.required("path", into: &diagnostics)
    let path = pathNode?.text(for: "path", into: &diagnostics)
    let files = pattern(&reader, into: &diagnostics)
    let settled = reader.duration("settled_for", into: &diagnostics) ?? .minutes(1)
    guard let pathNode, let path else { return nil }
    guard path.hasPrefix("/") else {
      diagnostics.report(
        .badFolder, "the folder's path does not begin with a slash: \(path)", at: pathNode.range,
        hint: "write the whole path: the daemon's own folder is not yours")
      return nil
    }
    return FolderFeed(path: path, files: files, settledFor: settled, streams: streams, range: pathNode.range)
  }

  private static func pattern(_ reader: inout MappingReader, into diagnostics: inout Diagnostics) -> FilePattern? {
    guard let node = reader.optional("files"), let text = node.text(for: "files", into: &diagnostics) else { return nil }
    if let pattern = FilePattern(text) { return pattern }
    diagnostics.report(
      .badFolder, "files is a pattern of names, not \(text.isEmpty ? "nothing" : text)", at: node.range,
      hint: "write it without a slash, such as \"usage-*.csv\"; folders within the folder are not looked into")
    return nil
  }

  private static func streams(
    _ nodes: some Sequence<Node>, _ compiler: StreamCompiler, isPush: Bool, into diagnostics: inout Diagnostics
  ) -> [LocalStream] {
    var streams: [LocalStream] = []
    for node in nodes {
      guard let stream = stream(node, compiler, isPush: isPush, into: &diagnostics) else { continue }
      if streams.contains(where: { $0.name == stream.name }) {
        diagnostics.report(
          .duplicateName, "the stream \(stream.name) is described twice", at: node["name"]?.range ?? node.range,
          hint: "cursors are kept by this name: give each stream its own")
      }
      streams.append(stream)
    }
    return streams
  }

  private static func stream(
    _ node: Node, _ compiler: StreamCompiler, isPush: Bool, into diagnostics: inout Diagnostics
  ) -> LocalStream? {
    guard var reader = MappingReader(node, what: "stream", into: &diagnostics) else { return nil }
    defer { reader.finish(into: &diagnostics) }
    let name = reader.requiredText("name", into: &diagnostics)
    refuse(apiStreamKeys, in: &reader, kind: isPush ? "push" : "folder", into: &diagnostics)
    let completes = reader.list("completes", into: &diagnostics).compactMap { StreamCompiler.kind($0, into: &diagnostics) }
    let covers = reader.choice("covers", among: ["customers"], into: &diagnostics) != nil
    let lag = reader.duration("lag", into: &diagnostics) ?? .seconds(0)
    let files = isPush ? nil : pattern(&reader, into: &diagnostics)
    let format = isPush ? .jsonl : format(&reader, into: &diagnostics)
    let selection = isPush ? selection(&reader, into: &diagnostics) : []
    var mappings = MappingCompiler()
    _ = reader.required("map", into: &diagnostics)
    let compiled = reader.list("map", into: &diagnostics).prefix(Connector.mappingLimit)
      .compactMap { compiler.mapping($0, &mappings, into: &diagnostics) }
    guard let name else { return nil }
    return LocalStream(
      name: name, completes: completes, coversCustomers: covers, lag: lag, files: files, format: format, selection: selection,
      mappings: compiled, paths: mappings.paths)
  }

  /// `decode: [csv]`; names of files say the rest.
  private static func format(_ reader: inout MappingReader, into diagnostics: inout Diagnostics) -> Decoding.Format {
    guard let node = reader.required("decode", into: &diagnostics) else { return .csv }
    let layers = node.list(for: "decode", into: &diagnostics)
    guard layers.count == 1, let layer = layers.first else {
      diagnostics.report(
        .badFolder, "a folder's files are csv or jsonl", at: node.range,
        hint: "write decode: [csv] or decode: [jsonl]; a file whose name ends in .gz is unzipped")
      return .csv
    }
    return layer.choice(for: "decode", among: ["csv", "jsonl"], into: &diagnostics).flatMap(Decoding.Format.init(rawValue:)) ?? .csv
  }

  /// Paths with bars between them: the first that has a value is the message, or the list of them.
  private static func selection(_ reader: inout MappingReader, into diagnostics: inout Diagnostics) -> [JSONPath] {
    guard let node = reader.required("records", into: &diagnostics), let text = node.text(for: "records", into: &diagnostics) else {
      return []
    }
    let paths = text.split(separator: "|", omittingEmptySubsequences: false).map { part in
      JSONPath(String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()))
    }
    if paths.contains(nil) {
      diagnostics.report(.badPath, "\(text) is no path", at: node.range, hint: "write records: . or records: batch | .")
    }
    return paths.compactMap { $0 }
  }
}
