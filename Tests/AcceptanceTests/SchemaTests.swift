import ConfigFiles
import Events
import Foundation
import Testing

/// The JSON Schemas that editors check configuration files with, against the files that are shipped and the readers that read them.
@Suite struct SchemaTests {
  /// Files of the configuration folder by the schema that describes them.
  private static func files() throws -> [(schema: String, path: String)] {
    let single = ["bellwether", "calendar", "features", "links", "plans", "sinks"].map { (schema: $0, path: "\($0).yaml") }
    let many = try [("feeds", "feeds"), ("rules", "rules"), ("rule-tests", "rules/tests"), ("lexicons", "lexicons")].flatMap {
      schema, folder in
      try yamlFiles(in: folder).map { (schema: schema, path: $0) }
    }
    return single + many
  }

  private static func yamlFiles(in folder: String) throws -> [String] {
    let path = Repository.root.appending(path: "config/\(folder)").resolvingSymlinksInPath().path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.filter { $0.hasSuffix(".yaml") }.sorted().map { "\(folder)/\($0)" }
  }

  private static func schema(_ name: String) throws -> Schema {
    let text = try String(contentsOf: Repository.root.appending(path: "docs/schemas/\(name).schema.json"), encoding: .utf8)
    let json = try JSON(parsing: text)
    return Schema(json: json, definitions: json["$defs"])
  }

  private static func root(of path: String) throws -> Node {
    let text = try String(contentsOf: Repository.root.appending(path: "config/\(path)").resolvingSymlinksInPath(), encoding: .utf8)
    var diagnostics = Diagnostics()
    return try #require(parse(SourceFile(path: path, text: text), into: &diagnostics), "\(diagnostics.rendered())")
  }

  @Test func `every shipped file is as its schema says`() throws {
    for (name, path) in try Self.files() {
      let faults = try Self.schema(name).faults(in: Self.root(of: path))
      #expect(faults.isEmpty, "\(path):\n\(faults.joined(separator: "\n"))")
    }
  }

  @Test func `a misspelt key, a wrong word and a wrong type are no match`() throws {
    var diagnostics = Diagnostics()
    let text = "rules:\n  - { id: a, about: rsik, category: usage, title: t, when: [x], action: a, levl: high }\n"
    let node = try #require(parse(SourceFile(path: "a.yaml", text: text), into: &diagnostics))
    let faults = try Self.schema("rules").faults(in: node).joined(separator: "\n")
    for word in ["rsik", "levl", "when"] { #expect(faults.contains(word), "\(faults)") }
  }

  /// A key that no reader knows is planted in each mapping of each file; what the reader then says it knows must stand in the schema.
  @Test func `the keys of the schemas are those of the readers`() async throws {
    let folder = try TemporaryFolder()
    let config = try folder.copyConfiguration()
    var expected: [String: [String: Set<String>]] = [:]
    for (name, path) in try Self.files() where name != "rule-tests" {
      let spots = try Self.schema(name).mappings(in: Self.root(of: path))
      let (text, places) = Self.plant(spots, in: try folder.read("config/\(path)"))
      try folder.write(text, to: "config/\(path)")
      for (spot, place) in zip(spots, places) { expected["\(config)/\(path):\(place)"] = [spot.reader: spot.keys] }
    }
    let answer = try await folder.bellwether("check", "--config", config, "--json")
    var known: [String: Set<String>] = [:]
    var schema: [String: Set<String>] = [:]
    for fault in try JSON(parsing: answer.output).list ?? [] where fault["code"].text == "BW0105" {
      let place = "\(fault["file"].text ?? ""):\(fault["line"].integer ?? 0):\(fault["column"].integer ?? 0)"
      guard let list = fault["hint"].text, list.hasPrefix("known here: "), let (reader, keys) = expected[place]?.first else { continue }
      let asked = Set(list.dropFirst("known here: ".count).components(separatedBy: ", "))
      #expect(asked.subtracting(keys).isEmpty, "the schema of a \(reader) lacks \(asked.subtracting(keys).sorted()): \(place)")
      known[reader, default: []].formUnion(asked)
      schema[reader, default: []].formUnion(keys)
    }
    // What is asked depends on the form chosen, and the shipped files do not choose every form.
    let ofManyForms: Set = ["auth", "paging", "value", "mapping", "oauth2 auth", "basic auth", "cursor", "page_size"]
    for (reader, keys) in schema where !ofManyForms.contains(reader) {
      #expect(
        keys.subtracting(known[reader] ?? []).isEmpty, "no reader asks a \(reader) for \(keys.subtracting(known[reader] ?? []).sorted())")
    }
    for reader in [
      "rule", "tier", "verdict", "plan", "feature", "calendar", "sink", "route", "feed", "stream", "mapping", "console section",
    ] {
      #expect(known[reader] != nil, "no \(reader) was looked at")
    }
  }

  /// Writes a key before the first one of each mapping; gives where each stands then.
  private static func plant(_ spots: [Schema.Mapping], in text: String) -> (text: String, places: [String]) {
    let file = SourceFile(path: "", text: text)
    var bytes = Array(text.utf8)
    var places: [String] = []
    var linesAdded = 0
    var plants: [(offset: Int, text: String)] = []
    for spot in spots.sorted(by: { $0.firstKey < $1.firstKey }) {
      let (line, column, _) = SourceRange(file: file, offset: spot.firstKey, length: 0).position
      let before = plants.filter { SourceRange(file: file, offset: $0.offset, length: 0).line == line && !$0.text.contains("\n") }
      let shift = before.reduce(0) { $0 + $1.text.count }
      places.append("\(line + linesAdded):\(column + shift)")
      plants.append((spot.firstKey, spot.isFlow ? "zzzzzzzz: 0, " : "zzzzzzzz: 0\n" + String(repeating: " ", count: column - 1)))
      if !spot.isFlow { linesAdded += 1 }
    }
    for plant in plants.reversed() { bytes.insert(contentsOf: Array(plant.text.utf8), at: plant.offset) }
    let order = spots.indices.sorted { spots[$0].firstKey < spots[$1].firstKey }
    var inOrder = places
    for (position, index) in order.enumerated() { inOrder[index] = places[position] }
    return (String(decoding: bytes, as: UTF8.self), inOrder)
  }
}

/// The part of JSON Schema that these schemas use.
private struct Schema {
  struct Mapping {
    let reader: String
    let keys: Set<String>
    let firstKey: Int
    let isFlow: Bool
  }

  let json: JSON
  let definitions: JSON

  private func inner(_ json: JSON) -> Schema {
    let target = json["$ref"].text.map { definitions[String($0.dropFirst("#/$defs/".count))] } ?? json
    return Schema(json: target, definitions: definitions)
  }

  func faults(in node: Node, at path: String = "") -> [String] {
    if let alternatives = json["anyOf"].list {
      let all = alternatives.map { inner($0).faults(in: node, at: path) }
      return all.contains { $0.isEmpty } ? [] : all.min { $0.count < $1.count } ?? []
    }
    let value = Self.value(node)
    if let words = json["enum"].list {
      return words.contains(value) ? [] : ["\(path): \(node.text ?? node.description) is none of the words"]
    }
    let types = json["type"].list ?? (json["type"].isNull ? [] : [json["type"]])
    if !types.isEmpty, !types.contains(where: { Self.isOf($0.text ?? "", node, value) }) {
      return ["\(path): \(node.description) is no \(types.compactMap(\.text).joined(separator: " or "))"]
    }
    if let pattern = json["pattern"].text, let text = node.text, !Self.matches(pattern, text) {
      return ["\(path): \(text) is not written like \(pattern)"]
    }
    return memberFaults(node, path) + elementFaults(node, path)
  }

  private static func matches(_ pattern: String, _ text: String) -> Bool {
    guard let regex = try? Regex(pattern) else { return false }
    return text.firstMatch(of: regex) != nil
  }

  private func memberFaults(_ node: Node, _ path: String) -> [String] {
    guard let entries = node.entries else { return [] }
    let missing = (json["required"].list ?? []).compactMap(\.text).filter { node[$0] == nil }
    var faults = missing.map { "\(path): \($0) is missing" }
    for entry in entries {
      let place = "\(path).\(entry.name)"
      let matching = (json["patternProperties"].object ?? [:]).first { Self.matches($0.key, entry.name) }
      if let member = json["properties"].object?[entry.name] ?? matching?.value {
        faults += inner(member).faults(in: entry.value, at: place)
      } else if json["additionalProperties"].flag == false {
        faults.append("\(place): unknown key")
      } else if json["additionalProperties"].object != nil {
        faults += inner(json["additionalProperties"]).faults(in: entry.value, at: place)
      }
    }
    return faults
  }

  private func elementFaults(_ node: Node, _ path: String) -> [String] {
    guard let elements = node.elements, json["items"].object != nil else { return [] }
    return elements.enumerated().flatMap { inner(json["items"]).faults(in: $0.element, at: "\(path)[\($0.offset)]") }
  }

  private static func isOf(_ type: String, _ node: Node, _ value: JSON) -> Bool {
    switch type {
    case "object": node.entries != nil || node.isNull
    case "array": node.elements != nil
    case "string": value.text != nil
    case "integer", "number": value.integer != nil || value.text.flatMap(Double.init) != nil
    case "boolean": value.flag != nil
    default: node.isNull
    }
  }

  private static func value(_ node: Node) -> JSON {
    guard case .scalar(let text, let isQuoted) = node.content else { return .null }
    if isQuoted { return .text(text) }
    if text == "true" || text == "false" { return .flag(text == "true") }
    return Int64(text).map { JSON($0) } ?? .text(text)
  }

  /// The mappings in a file that a reader of their own reads.
  func mappings(in node: Node) -> [Mapping] {
    if let alternatives = json["anyOf"].list {
      let names = Set((node.entries ?? []).map(\.name))
      let fitting = alternatives.map(inner).first { alternative in
        node.entries == nil
          ? alternative.json["items"].object != nil && node.elements != nil
          : !alternative.json["x-reader"].isNull && names.isSubset(of: alternative.keys)
      }
      return fitting?.mappings(in: node) ?? []
    }
    var found: [Mapping] = []
    if let reader = json["x-reader"].text, let first = node.entries?.first {
      let offset = first.key.range.offset
      found.append(Mapping(reader: reader, keys: keys, firstKey: offset, isFlow: node.range.offset != offset))
    }
    for entry in node.entries ?? [] {
      if let member = json["properties"].object?[entry.name] {
        found += inner(member).mappings(in: entry.value)
      } else if json["additionalProperties"].object != nil {
        found += inner(json["additionalProperties"]).mappings(in: entry.value)
      }
    }
    if json["items"].object != nil { found += (node.elements ?? []).flatMap { inner(json["items"]).mappings(in: $0) } }
    return found
  }

  private var keys: Set<String> { Set((json["properties"].object ?? [:]).keys) }
}
