import ConfigFiles
import Events
import Feeds
import Foundation
import Testing
import Transport

@Suite struct AuthenticationTests {
  private let now = instant("2026-03-10T12:00:00Z")

  private func feed(_ auth: String, allowPrivate: Bool = false) -> (Connector?, Diagnostics) {
    var diagnostics = Diagnostics()
    let text = """
      name: a
      enabled: true
      base_url: https://api.example.com
      allow_private: \(allowPrivate)
      auth: \(auth)
      streams:
        - name: a
          request: { path: /a }
          records: data
          paging: { next_url: next }
          map: [{ kind: pulse, id: id, at: at }]
      """
    let file = SourceFile(path: "a.yaml", text: text)
    let connector = Connector(file: file, environment: Environment([:]), into: &diagnostics)
    return (connector, diagnostics)
  }

  private func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }

  @Test(arguments: [
    ("{ basic: { user: me, secret: a } }", "me:s3cret-a", ["a"]), ("{ basic: { secret: a, password: X } }", "s3cret-a:X", ["a"]),
    ("{ basic: { secret: a, password: \"\" } }", "s3cret-a:", ["a"]),
    ("{ basic: { user_secret: a, secret: b } }", "s3cret-a:s3cret-b", ["a", "b"]),
  ])
  func aKeyCanBeEitherHalfOfBasicCredentials(yaml: String, pair: String, names: [String]) async throws {
    let (connector, diagnostics) = feed(yaml)
    #expect(diagnostics.isEmpty, "\(diagnostics.rendered())")
    let feed = try #require(connector)
    #expect(feed.authentication.secrets.map(\.name) == names)
    let vendor = ScriptedVendor { _, _ in answer(["data": []]) }
    _ = try await vendor.poller(feed, secrets: ["a": "s3cret-a", "b": "s3cret-b"]).poll(at: now, cursors: [:]) { _ in }
    #expect(header("Authorization", of: vendor.asked[0].request) == "Basic " + base64(pair))
  }

  private static let oauth2 = "grant: client_credentials, client_id: i, client_secret: s, token_url: https://x.example/t"

  /// What stands in the file, a code and a part of the message.
  @Test(arguments: [
    ("{ basic: { secret: a } }", "BW0106", "one of user, user_secret and password"),
    ("{ basic: { user: u, password: p, secret: a } }", "BW0106", "one of user"), ("{ basic: { user: u } }", "BW0106", "no secret"),
    ("{ basic: { user: u, secret: a, realm: r } }", "BW0105", "realm"), ("{ digest: x }", "BW0106", "no way to authenticate"),
    ("{ oauth2: { grant: password, client_id: i, token_url: https://x.example/t } }", "BW0109", "password"),
    ("{ oauth2: { grant: refresh_token, client_id: i, token_url: https://x.example/t } }", "BW0106", "no refresh_token"),
    ("{ oauth2: { grant: client_credentials, client_id: i, token_url: https://x.example/t } }", "BW0106", "no client_secret"),
    ("{ oauth2: { client_id: i, client_secret: s, refresh_token: r, token_url: https://x.example/t } }", "BW0106", "no grant"),
    ("{ oauth2: { \(oauth2), refresh_token: r } }", "BW0211", "uses no refresh token"),
    ("{ oauth2: { \(oauth2), client_in: query } }", "BW0109", "query"), ("{ oauth2: { \(oauth2), audience: x } }", "BW0105", "audience"),
    (
      "{ oauth2: { grant: refresh_token, client_id: i, refresh_token: r, client_in: header, token_url: https://x.example/t } }", "BW0211",
      "needs a client_secret"
    ),
    ("{ oauth2: { grant: client_credentials, client_id: i, client_secret: s, token_url: http://x.example/t } }", "BW0201", "no https URL"),
    ("{ oauth2: { grant: client_credentials, client_id: i, client_secret: s, token_url: x.example/t } }", "BW0201", "no https URL"),
    ("{ oauth2: { grant: client_credentials, client_id: i, client_secret: s, token_url: https://u:p@x.example } }", "BW0201", "password"),
    ("{ oauth2: { grant: client_credentials, client_id: sk_live_1, client_secret: s, token_url: https://x.example/t } }", "BW0209", "name"),
    ("{ oauth2: { \(oauth2), base_url: { path: instance_url } } }", "BW0106", "no under"),
    ("{ oauth2: { \(oauth2), base_url: { path: instance_url, under: [com] } } }", "BW0211", "not com"),
    ("{ oauth2: { \(oauth2), base_url: { path: instance_url, under: [https://force.com] } } }", "BW0211", "not https://force.com"),
    ("{ oauth2: { \(oauth2), base_url: { path: instance_url, under: [.force.com] } } }", "BW0211", "not .force.com"),
    ("{ oauth2: { \(oauth2), base_url: { path: instance_url, under: [10.0.0.1] } } }", "BW0211", "not 10.0.0.1"),
  ])
  func aFaultInAuthIsNamed(yaml: String, code: String, message: String) {
    let (_, diagnostics) = feed(yaml)
    #expect(diagnostics.all.contains { $0.code == code && $0.message.contains(message) }, "\(diagnostics.rendered())")
  }

  @Test func aTokenCanComeFromInsideTheNetworkWithoutTLS() {
    let yaml = "{ oauth2: { grant: client_credentials, client_id: i, client_secret: s, token_url: http://127.0.0.1:8080/t } }"
    #expect(feed(yaml, allowPrivate: true).1.isEmpty)
    #expect(!feed(yaml, allowPrivate: false).1.isEmpty)
  }

  @Test func everySecretOfAnEnabledFeedIsChecked() throws {
    var diagnostics = Diagnostics()
    try tokenFeed().checkSecrets(in: SecretSource(environment: Environment(["THE_CLIENT_SECRET": "x"])), into: &diagnostics)
    #expect(diagnostics.all.map(\.range.text) == ["the_refresh_token", "the_client_id"])
    #expect(diagnostics.all.allSatisfy { $0.code == "BW0111" })
  }

  @Test func secretsAreLookedUpByName() throws {
    let environment = Environment(["THE_CLIENT_ID": "i", "THE_CLIENT_SECRET": "s", "THE_REFRESH_TOKEN": "r"])
    let secrets = try tokenFeed().secrets(from: SecretSource(environment: environment))
    #expect(secrets.mapValues(\.revealed) == ["the_client_id": "i", "the_client_secret": "s", "the_refresh_token": "r"])
    let error = #expect(throws: SecretError.self) {
      try tokenFeed().secrets(from: SecretSource(environment: Environment(["THE_CLIENT_ID": "i"])))
    }
    #expect(error?.name == "the_client_secret")
  }
}

/// A vendor that repeats whatever it is sent gets no secret into anything that the poller says or stores.
@Suite struct PlantedSecretTests {
  private let now = instant("2026-03-10T12:00:00Z")

  private static let planted = [
    "a": "plant/ed+secret=a", "b": "planted&secret\"b", "the_client_id": "planted-client-id", "the_client_secret": "planted-client-secret",
    "the_refresh_token": "planted-refresh-token",
  ]
  private static let tokens = ["planted-access-token", "planted-rotated-token"]

  private static func auth(_ form: String) throws -> Connector {
    if form == "oauth2" {
      return try tokenFeed(extra: "errors: [{ status: 200, body: good, then: fail }]")
    }
    return try connector(
      """
      name: x
      base_url: https://api.example.com
      auth: \(form)
      streams:
        - name: things
          request: { path: /things }
          records: data
          paging: { next_url: next }
          errors: [{ status: 200, body: good, then: fail }]
          map: [{ kind: pulse, id: id, at: at }]
      """)
  }

  /// Everything about a request, as the most talkative vendor would repeat it.
  private static func echo(_ request: HTTPRequest, _ secrets: [String], _ shift: Int) -> String {
    let headers = request.headers.map { "\($0.name): \($0.value)" }.joined(separator: " ")
    let all = "\(request.url) \(headers) \(String(decoding: request.body ?? [], as: UTF8.self))"
    return String(repeating: ".", count: shift) + " " + (secrets + [all] + secrets).joined(separator: " ") + " good"
  }

  @Test(
    arguments: [
      "{ bearer: a }", "{ basic: { user_secret: a, secret: b } }", "{ header: { name: X-Key, secret: a } }",
      "{ query: { name: key, secret: a } }", "oauth2",
    ], [200, 400, 401, 403, 429, 500])
  func showsNowhere(form: String, status: Int) async throws {
    let folder = try TemporaryFolder()
    let feed = try Self.auth(form)
    let secrets = feed.authentication.secrets.compactMap { Self.planted[$0.name] } + (form == "oauth2" ? Self.tokens : [])
    // The error's text is cut somewhere: at each place of a secret, too.
    for shift in [0, 60, 120, 150, 170, 185, 193, 199] {
      let vendor = ScriptedVendor { request, index in
        if request.url.hasSuffix("/token") {
          return answer([
            "access_token": .text(Self.tokens[0]), "refresh_token": .text(Self.tokens[1]), "scope": .text(Self.echo(request, secrets, 0)),
          ])
        }
        if index <= 1, status != 200, form != "oauth2" || index == 1 {
          return answer(["data": [thing(1)], "next": .text(request.url + (request.url.contains("?") ? "&" : "?") + "page=2")])
        }
        return HTTPResponse(status: status, body: Array(Self.echo(request, secrets, shift).utf8))
      }
      // Each attempt with its own tokens folder: a rotated token would win over the planted one.
      let tokens = TokenFolder(path: folder.path + "/\(shift)")
      let poller = vendor.poller(feed, secrets: Self.planted, tokens: tokens)
      var said = ""
      let report = try await poller.poll(at: now, cursors: [:]) { said += "\($0) \($0.cursor.serialized())" }
      #expect(report.failures.count == 1)
      dump(report, to: &said)
      dump(poller, to: &said)
      said += "\(report) \(poller) \(report.failures.map { "\($0) \($0.message) \($0.hint)" })"
      for secret in secrets {
        // Half a secret is too much as well.
        let half = String(secret.dropFirst("plant".count).prefix(8))
        #expect(
          !said.contains(half),
          "\(form), \(status), \(shift): \(half) in \(said.firstRange(of: half).map { said[..<$0.upperBound].suffix(200) } ?? "")")
        #expect(!said.contains(Data(secret.utf8).base64EncodedString().prefix(10)))
      }
    }
  }

  @Test func aKeyInTheNextURLIsNotStoredAndNotSentTwice() async throws {
    let vendor = ScriptedVendor { request, index in
      answer(["data": [thing(index)], "next": index == 0 ? .text("/things?a=1&key=planted&b=2") : index == 1 ? "/things?key=planted" : nil])
    }
    var cursors: [String] = []
    let report = try await vendor.poller(try Self.auth("{ query: { name: key, secret: a } }"), secrets: ["a": "planted"])
      .poll(at: now, cursors: [:]) { cursors.append($0.cursor.serialized()) }
    #expect(report.failures.isEmpty)
    #expect(
      vendor.urls == [
        "https://api.example.com/things?key=planted", "https://api.example.com/things?a=1&b=2&key=planted",
        "https://api.example.com/things?key=planted",
      ])
    #expect(cursors.count == 3)
    #expect(cursors.allSatisfy { !$0.contains("planted") })
  }
}
