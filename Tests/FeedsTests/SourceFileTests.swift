import ConfigFiles
import Events
import Feeds
import Foundation
import Testing

/// Feed files whose records do not come from asking an API.
@Suite struct SourceFileTests {
  private func faults(_ yaml: String) -> Diagnostics {
    var diagnostics = Diagnostics()
    let connector = Connector(
      file: SourceFile(path: "config/feeds/bad.yaml", text: yaml), environment: Environment([:]), into: &diagnostics)
    #expect((connector == nil) == diagnostics.hasErrors)
    return diagnostics
  }

  private static let folder = """
    name: x
    enabled: true
    folder: { path: /srv/exports, files: "*.csv", settled_for: 1m }
    poll: 1m
    streams:
      - name: usage
        decode: [csv]
        files: "usage-*"
        map: [{ kind: usage, id: id, at: at }]
    """

  private static let push = """
    name: x
    enabled: true
    push:
      listen: 127.0.0.1:8788
      path: /push/x
      signature: { header: X-Signature, secret: x_secret, algorithm: sha256, encoding: base64 }
      id: id
    streams:
      - name: usage
        records: .
        map: [{ kind: usage, id: id, at: at }]
    """

  @Test(arguments: [folder, push]) func `the examples are good`(yaml: String) {
    #expect(faults(yaml).isEmpty, "\(faults(yaml).rendered())")
  }

  /// What is put in place of what, the code, the text under the caret, and a part of the hint.
  @Test(arguments: [
    ("poll: 1m", "poll: 1m\nbase_url: https://api.example.com", "BW0230", "base_url", "remove"),
    ("poll: 1m", "auth: { bearer: key }", "BW0230", "auth", "remove"),
    ("poll: 1m", "poll: 1s", "BW0108", "1s", "1m"),
    ("poll: 1m", "push: { path: /x }", "BW0230", "push", "two feed files"),
    ("/srv/exports", "exports", "BW0231", "exports", "whole path"),
    ("\"*.csv\"", "\"in/*.csv\"", "BW0231", "in/*.csv", "slash"),
    ("\"usage-*\"", "\"\"", "BW0231", "", "slash"),
    ("settled_for: 1m", "settled: 1m", "BW0105", "settled", "settled_for"),
    ("[csv]", "[json]", "BW0109", "json", "jsonl"),
    ("[csv]", "[gzip, csv]", "BW0231", "[", ".gz"),
    ("    decode: [csv]\n", "", "BW0106", "name", "decode"),
    ("    decode: [csv]\n", "    decode: [csv]\n    paging: { token: next }\n", "BW0230", "paging", "remove"),
    ("    decode: [csv]\n", "    decode: [csv]\n    request: { path: /x }\n", "BW0230", "request", "remove"),
    ("kind: usage", "kind: usages", "BW0109", "usages", "did you mean usage?"),
  ])
  func `points at the fault of a folder`(old: String, new: String, code: String, under: String, hint: String) throws {
    try expect(Self.folder, old, new, code, under, hint)
  }

  @Test(arguments: [
    ("127.0.0.1:8788", "8788", "BW0232", "8788", "127.0.0.1:8788"),
    ("127.0.0.1:8788", "127.0.0.1:88888", "BW0232", "127.0.0.1:88888", "proxy"),
    ("127.0.0.1:8788", "\"::1:8788\"", "BW0232", "::1:8788", "[::1]"),
    ("path: /push/x", "path: push/x", "BW0232", "push/x", "/push/segment"),
    ("sha256", "md5", "BW0109", "md5", "sha1, sha256"),
    ("base64", "base32", "BW0109", "base32", "base64"),
    ("x_secret", "\"no name!\"", "BW0209", "no name!", "segment_secret"),
    ("  id: id\n", "", "BW0106", "listen", "id"),
    ("records: .", "records: a b", "BW0203", "a b", "batch"),
    ("records: .", "records: .\n    cursor: { format: iso8601 }", "BW0230", "cursor", "remove"),
    ("enabled: true", "enabled: true\npoll: 5m", "BW0230", "poll", "remove"),
    ("enabled: true", "enabled: true\nbase_url: https://api.example.com", "BW0230", "base_url", "push:"),
  ])
  func `points at the fault of a push`(old: String, new: String, code: String, under: String, hint: String) throws {
    try expect(Self.push, old, new, code, under, hint)
  }

  private func expect(_ good: String, _ old: String, _ new: String, _ code: String, _ under: String, _ hint: String) throws {
    #expect(good.contains(old))
    let found = faults(good.replacing(old, with: new, maxReplacements: 1))
    let fault = try #require(found.all.first { $0.code == code }, "\(found.rendered())")
    #expect(fault.range.text.prefix { $0 != "\n" && !($0 == "," && !under.contains(",")) }.hasPrefix(under), "\(fault.rendered())")
    #expect(fault.hint?.contains(hint) == true, "\(fault.rendered())")
  }

  @Test func `only an enabled feed needs its folder and its sender's secret`() throws {
    for (yaml, code) in [(Self.folder, "BW0231"), (Self.push, "BW0111")] {
      for (text, codes) in [(yaml, [code]), (yaml.replacing("enabled: true", with: "enabled: false"), [])] {
        var diagnostics = Diagnostics()
        try connector(text).checkSource(in: SecretSource(environment: Environment([:])), into: &diagnostics)
        #expect(diagnostics.all.map(\.code) == codes)
      }
    }
    var diagnostics = Diagnostics()
    try connector(Self.folder.replacing("/srv/exports", with: "/tmp")).checkSource(
      in: SecretSource(environment: Environment([:])), into: &diagnostics)
    #expect(diagnostics.isEmpty)
  }

  @Test func `a secret may hold several lines while it is replaced`() throws {
    let variables = ["X_SECRET": "new\nold\n"]
    var diagnostics = Diagnostics()
    try connector(Self.push).checkSource(in: SecretSource(environment: Environment(variables)), into: &diagnostics)
    #expect(diagnostics.isEmpty)
    #expect(try SecretSource(environment: Environment(variables)).values("x_secret").map(\.revealed) == ["new", "old"])
    #expect(throws: SecretError.self) { try SecretSource(environment: Environment(variables)).value("x_secret") }
    let tooMany = ["X_SECRET": (0...SecretSource.lineLimit).map(String.init).joined(separator: "\n")]
    #expect(throws: SecretError.self) { try SecretSource(environment: Environment(tooMany)).values("x_secret") }
  }

  @Test func `two push feeds at one place are a fault`() {
    var diagnostics = Diagnostics()
    let files = ["a", "b"].map { SourceFile(path: "\($0).yaml", text: Self.push.replacing("name: x\n", with: "name: \($0)\n")) }
    let feeds = Connector.all(in: files, environment: Environment([:]), into: &diagnostics)
    #expect(feeds.count == 2 && diagnostics.all.map(\.code) == ["BW0232"])
  }
}
