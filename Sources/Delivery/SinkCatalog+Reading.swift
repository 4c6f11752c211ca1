package import ConfigFiles
import Engine
import Events

/// Faults of `config/sinks.yaml`.
extension Diagnostic.Code {
  package static let undefinedSink: Self = "BW0401"
  package static let badSinkURL: Self = "BW0402"
  package static let badSigningKey: Self = "BW0403"
  package static let duplicateSink: Self = "BW0404"
  package static let unusedSink = Self.warning("BW0405")
}

extension SinkCatalog {
  /// Reads `sinks:` and `routes:`; every fault is reported, and what is usable is returned all the same.
  ///
  /// ```yaml
  /// sinks:
  ///   - name: team
  ///     type: webhook
  ///     enabled: true
  ///     url: https://hooks.example.com/bellwether
  ///     secret: team_webhook_secret      # or [new_secret, old_secret] while it is being replaced
  /// routes:
  ///   - about: [risk, expansion]         # left out: all
  ///     min_level: high
  ///     sinks: [team]
  /// ```
  ///
  /// - Parameters:
  ///   - environment: the values of `${NAME}`; a missing one is a fault in enabled sinks only.
  ///   - secrets: where given, the keys of enabled sinks are looked up too; the dispatcher does so anyway.
  package init(
    reading file: SourceFile, environment: Environment, secrets: SecretSource? = nil, into diagnostics: inout Diagnostics
  ) {
    self.init()
    guard let root = parse(file, into: &diagnostics),
      var reader = MappingReader(root, what: "sinks file", into: &diagnostics)
    else { return }
    for node in reader.list("sinks", into: &diagnostics) {
      guard let sink = Sink(reading: node, environment: environment, secrets: secrets, into: &diagnostics) else { continue }
      if self[sink.name] != nil {
        diagnostics.report(
          .duplicateSink, "two sinks are named \(sink.name)", at: node["name"]?.range ?? node.range, hint: "give this one another name")
      } else {
        sinks.append(sink)
      }
    }
    let names = Self.declaredNames(in: root)
    for node in reader.list("routes", into: &diagnostics) {
      if let route = Route(reading: environment.interpolated(node, into: &diagnostics), names: names, into: &diagnostics) {
        routes.append(route)
      }
    }
    reader.finish(into: &diagnostics)
    reportUnused(in: root, into: &diagnostics)
  }

  /// Also names of sinks that have faults of their own, so that one mistake is not reported twice.
  private static func declaredNames(in root: Node) -> [String] {
    (root["sinks"]?.elements ?? []).compactMap { $0["name"]?.text }
  }

  private func reportUnused(in root: Node, into diagnostics: inout Diagnostics) {
    for sink in sinks where sink.isEnabled && !routes.contains(where: { $0.sinks.contains(sink.name) }) {
      let node = root["sinks"]?.elements?.first { $0["name"]?.text == sink.name }
      diagnostics.report(
        .unusedSink, "no route leads to the sink \(sink.name)", at: node?["name"]?.range ?? root.range,
        hint: "add it to the sinks of a route, or it will hear of nothing")
    }
  }
}

extension Sink {
  /// Nil where the sink cannot be used at all.
  fileprivate init?(reading raw: Node, environment: Environment, secrets: SecretSource?, into diagnostics: inout Diagnostics) {
    var unheard = Diagnostics()
    let isEnabled = environment.interpolated(raw, reportMissing: false, into: &unheard)["enabled"]?.text == "true"
    let node = environment.interpolated(raw, reportMissing: isEnabled, into: &diagnostics)
    guard var reader = MappingReader(node, what: "sink", into: &diagnostics) else { return nil }
    let name = reader.requiredText("name", into: &diagnostics)
    if let type = reader.required("type", into: &diagnostics) {
      _ = type.choice(for: "type", among: ["webhook"], into: &diagnostics)
    }
    _ = reader.flag("enabled", into: &diagnostics)
    let url = Self.url(&reader, into: &diagnostics)
    let keys = Self.secretNames(&reader, lookUp: isEnabled ? secrets : nil, into: &diagnostics)
    let allowsPrivate = reader.flag("allow_private", into: &diagnostics) ?? false
    let showsPeople = reader.flag("show_people", into: &diagnostics) ?? false
    let timeout = Self.timeout(&reader, into: &diagnostics)
    let levels = Alert.Level.allCases.filter { $0 >= Sink.lowestLevel }.map(\.rawValue)
    let level = reader.choice("min_level", among: levels, into: &diagnostics).flatMap(Alert.Level.init(rawValue:))
    reader.finish(into: &diagnostics)
    guard let name else { return nil }
    // A disabled sink may still lack its address: it is kept, so that routes to it stand.
    guard let url = url ?? (isEnabled ? nil : "") else { return nil }
    self.init(
      name: name, url: url, secrets: keys, isEnabled: isEnabled, allowsPrivate: allowsPrivate, showsPeople: showsPeople, timeout: timeout,
      minimumLevel: level ?? Sink.lowestLevel)
  }

  private static func url(_ reader: inout MappingReader, into diagnostics: inout Diagnostics) -> String? {
    guard let node = reader.required("url", into: &diagnostics), let url = node.text(for: "url", into: &diagnostics) else { return nil }
    guard let fault = WebhookURL.fault(of: url) else { return url }
    diagnostics.report(.badSinkURL, "the url \(fault.problem)", at: node.range, hint: fault.hint)
    return nil
  }

  private static func timeout(_ reader: inout MappingReader, into diagnostics: inout Diagnostics) -> Span {
    guard let node = reader.optional("timeout"), let span = node.duration(for: "timeout", into: &diagnostics) else { return defaultTimeout }
    guard timeoutBounds.contains(span) else {
      diagnostics.report(
        .badDuration, "a sink's timeout lies between \(timeoutBounds.lowerBound.literal) and \(timeoutBounds.upperBound.literal)",
        at: node.range, hint: "leave it out for \(defaultTimeout.literal)")
      return defaultTimeout
    }
    return span
  }

  private static func secretNames(
    _ reader: inout MappingReader, lookUp secrets: SecretSource?, into diagnostics: inout Diagnostics
  ) -> [String] {
    guard let node = reader.required("secret", into: &diagnostics) else { return [] }
    var names: [String] = []
    for element in node.elements ?? [node] {
      guard let name = element.text(for: "secret", into: &diagnostics) else { continue }
      names.append(name)
      guard let secrets else { continue }
      do {
        _ = try SigningKey(try secrets.value(name).revealed)
      } catch let error as SecretError {
        diagnostics.report(.missingSecret, "the secret \(error.name) \(error.message)", at: element.range, hint: error.hint)
      } catch {
        diagnostics.report(.badSigningKey, "the secret \(name) is no signing key", at: element.range, hint: "\(error)")
      }
    }
    return names
  }
}

extension Route {
  fileprivate init?(reading node: Node, names: [String], into diagnostics: inout Diagnostics) {
    guard var reader = MappingReader(node, what: "route", into: &diagnostics) else { return nil }
    let abouts = reader.list("about", into: &diagnostics).compactMap { word in
      word.choice(for: "about", among: Alert.About.allCases.map(\.rawValue), into: &diagnostics).flatMap(Alert.About.init(rawValue:))
    }
    let level = reader.choice("min_level", as: Alert.Level.self, into: &diagnostics)
    var sinks: [String] = []
    if let list = reader.required("sinks", into: &diagnostics) {
      for element in list.list(for: "sinks", into: &diagnostics) {
        guard let name = element.text(for: "sinks", into: &diagnostics) else { continue }
        if names.contains(name) {
          sinks.append(name)
        } else {
          let known = names.isEmpty ? "no sink is defined in this file" : "sinks here: \(names.joined(separator: ", "))"
          let hint = nearest(name, among: names).map { "did you mean \($0)?" } ?? known
          diagnostics.report(.undefinedSink, "no sink is named \(name)", at: element.range, hint: hint)
        }
      }
    }
    reader.finish(into: &diagnostics)
    self.init(abouts: abouts, minimumLevel: level ?? Sink.lowestLevel, sinks: sinks)
  }
}
