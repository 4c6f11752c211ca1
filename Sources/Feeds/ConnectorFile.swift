package import ConfigFiles
internal import Events
internal import Transport

extension Diagnostic.Code {
  package static let badURL: Self = "BW0201"
  package static let unknownField: Self = "BW0202"
  package static let badPath: Self = "BW0203"
  package static let badPlaceholder: Self = "BW0204"
  package static let badPaging: Self = "BW0205"
  package static let badCursor: Self = "BW0206"
  package static let duplicateName: Self = "BW0207"
  package static let badMapping: Self = "BW0208"
  package static let badSecretName: Self = "BW0209"
  package static let badStart: Self = "BW0210"
  package static let badAuthentication: Self = "BW0211"
  package static let badBudget: Self = "BW0212"
}

extension Connector {
  /// Reads a feed file; nil where it has errors, all of which are reported.
  ///
  /// Variables without a value are errors only in a feed that is enabled; what such a feed names by them is then left empty.
  package init?(file: SourceFile, environment: Environment, into diagnostics: inout Diagnostics) {
    let before = diagnostics.errorCount
    guard let raw = parse(file, into: &diagnostics) else {
      if diagnostics.errorCount == before {
        diagnostics.report(.missingKey, "the feed file is empty", at: file.range, hint: "begin with name: and base_url:, folder: or push:")
      }
      return nil
    }
    var silent = Diagnostics()
    let isEnabled = raw["enabled"].map { environment.interpolated($0, into: &silent).text == "true" } ?? false
    let root = environment.interpolated(raw, reportMissing: isEnabled, into: &diagnostics)
    guard var feed = MappingReader(root, what: "feed", into: &diagnostics) else { return nil }
    let connector =
      SourceCompiler.isLocal(root)
      ? SourceCompiler.connector(&feed, at: root, into: &diagnostics) : Connector(&feed, at: root, into: &diagnostics)
    feed.finish(into: &diagnostics)
    guard let connector, diagnostics.errorCount == before else { return nil }
    self = connector
  }

  private init?(_ feed: inout MappingReader, at root: Node, into diagnostics: inout Diagnostics) {
    let name = feed.requiredText("name", into: &diagnostics)
    let system = feed.text("system", into: &diagnostics)
    isEnabled = feed.flag("enabled", into: &diagnostics) ?? false
    source = .api
    baseURL = feed.required("base_url", into: &diagnostics).flatMap { Self.baseURL($0, into: &diagnostics) } ?? ""
    let allows = feed.flag("allow_private", into: &diagnostics) ?? false
    allowPrivate = allows
    authentication =
      feed.optional("auth")
      .map { AuthenticationCompiler(allowPrivate: allows).authentication($0, into: &diagnostics) } ?? .none
    budget = feed.optional("budget").map { RequestBudget.all($0, into: &diagnostics) } ?? []
    rateReset = feed.text("rate_reset", into: &diagnostics)
    let poll = feed.optional("poll")
    pollInterval = poll?.duration(for: "poll", into: &diagnostics) ?? .minutes(15)
    if let poll, pollInterval < Self.shortestPoll {
      diagnostics.report(.badDuration, "poll is shorter than \(Self.shortestPoll.literal)", at: poll.range, hint: "write poll: 5m")
    }
    staleAfter = feed.optional("stale_after")?.duration(for: "stale_after", into: &diagnostics)
    let start = feed.optional("start").flatMap { StreamCompiler.start($0, into: &diagnostics) } ?? .ago(.days(180))
    var shapes: [String: Node] = [:]
    for entry in feed.mapping("shapes", into: &diagnostics) { shapes[entry.name] = entry.value }
    let nodes = feed.list("streams", into: &diagnostics)
    streams = Self.streams(nodes, StreamCompiler(start: start, shapes: shapes), feed: feed, into: &diagnostics)
    guard let name else { return nil }
    self.name = name
    self.system = system ?? name
    range = root["name"]?.range ?? root.range
  }

  private static func streams(
    _ nodes: [Node], _ compiler: StreamCompiler, feed: MappingReader, into diagnostics: inout Diagnostics
  ) -> [Stream] {
    if nodes.isEmpty || nodes.count > streamLimit {
      diagnostics.report(.missingKey, "a feed has 1 to \(streamLimit) streams", at: feed.range(ofKey: "streams"), hint: "add streams:")
    }
    var streams: [Stream] = []
    for node in nodes.prefix(streamLimit) {
      guard let stream = compiler.stream(node, into: &diagnostics) else { continue }
      if streams.contains(where: { $0.name == stream.name }) {
        diagnostics.report(
          .duplicateName, "the stream \(stream.name) is described twice", at: node["name"]?.range ?? node.range,
          hint: "cursors are kept by this name: give each stream its own")
      }
      streams.append(stream)
    }
    return streams
  }

  private static func baseURL(_ node: Node, into diagnostics: inout Diagnostics) -> String? {
    guard var text = node.text(for: "base_url", into: &diagnostics) else { return nil }
    while text.hasSuffix("/") { text.removeLast() }
    do throws(URLFault) {
      _ = try RequestTarget(text)
      guard !text.contains("?"), !text.contains("#") else { throw .illegalCharacter }
      return text
    } catch {
      diagnostics.report(.badURL, "base_url \(error.rawValue): \(text)", at: node.range, hint: "write it as https://host, without a query")
      return nil
    }
  }
}
