import ConfigFiles
import Events
import Foundation
import Testing

@Suite struct EnvironmentTests {
  private let environment = Environment(["STRIPE_URL": "http://127.0.0.1:80/stripe", "EMPTY": "", "NESTED": "${STRIPE_URL}"])

  private func interpolate(_ yaml: String, reportMissing: Bool = true) throws -> (Node, Diagnostics) {
    var diagnostics = Diagnostics()
    let node = try #require(parse(SourceFile(path: "x.yaml", text: yaml), into: &diagnostics))
    return (environment.interpolated(node, reportMissing: reportMissing, into: &diagnostics), diagnostics)
  }

  @Test(arguments: [
    ("${STRIPE_URL}", "http://127.0.0.1:80/stripe"), ("${STRIPE_URL:-https://api.stripe.com}/v1", "http://127.0.0.1:80/stripe/v1"),
    ("${OTHER:-https://api.stripe.com}", "https://api.stripe.com"), ("${EMPTY:-x}", "x"), ("${OTHER:-}", ""), ("a$${NAME}b", "a${NAME}b"),
    ("$group_0", "$group_0"), ("${NESTED}", "${STRIPE_URL}"), ("${OTHER:-a:-b}", "a:-b"), ("x${OTHER:-1}y${OTHER:-2}z", "x1y2z"),
  ])
  func replacesVariables(text: String, expected: String) throws {
    let (node, diagnostics) = try interpolate("a: {b: [\"\(text)\"]}\n")
    #expect(node["a"]?["b"]?.elements?.first?.text == expected)
    #expect(diagnostics.isEmpty)
  }

  @Test(arguments: [("${OTHER}", "${OTHER}"), ("${EMPTY}", "${EMPTY}"), ("${1x}", "${1x}"), ("${OPEN", "${OPEN")])
  func pointsAtWhatIsMissing(text: String, shown: String) throws {
    let (node, diagnostics) = try interpolate("url: \"https://\(text)\"\n")
    let fault = try #require(diagnostics.all.first)
    #expect(diagnostics.all.count == 1)
    #expect(fault.code == "BW0110")
    #expect(fault.range.text == shown)
    #expect(node["url"]?.isUnresolved == true)
  }

  @Test func whatIsSwitchedOffNeedsNoVariables() throws {
    let (node, silent) = try interpolate("poll: ${OTHER}\n", reportMissing: false)
    #expect(silent.isEmpty)
    var diagnostics = Diagnostics()
    #expect(node["poll"]?.duration(for: "poll", into: &diagnostics) == nil)
    #expect(diagnostics.isEmpty, "an unresolved value is not a wrong one")
  }

  @Test func anUnquotedVariableCanBecomeAFlag() throws {
    let (node, _) = try interpolate("private: ${BELLWETHER_ALLOW_PRIVATE:-false}\n")
    var diagnostics = Diagnostics()
    #expect(node["private"]?.flag(for: "private", into: &diagnostics) == false)
  }
}

@Suite struct SecretSourceTests {
  @Test func looksInTheCredentialsThenTheFolderThenTheEnvironment() throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("bellwether-secrets-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    let credentials = root.appendingPathComponent("credentials")
    let folder = root.appendingPathComponent("folder")
    for directory in [credentials, folder] { try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true) }
    try "from credentials\n".write(to: credentials.appendingPathComponent("a_key"), atomically: true, encoding: .utf8)
    for name in ["a_key", "b_key"] {
      try "from folder\r\n".write(to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
    }
    try "\n".write(to: folder.appendingPathComponent("empty"), atomically: true, encoding: .utf8)
    try "a\nb".write(to: folder.appendingPathComponent("lines"), atomically: true, encoding: .utf8)
    let source = SecretSource(
      folder: folder.path,
      environment: Environment([
        "CREDENTIALS_DIRECTORY": credentials.path, "A_KEY": "no", "B_KEY": "no", "C_KEY": "from environment", "EMPTY": "no",
      ]))
    #expect(try source.value("a_key").revealed == "from credentials")
    #expect(try source.value("b_key").revealed == "from folder")
    #expect(try source.value("c_key").revealed == "from environment")
    for name in ["d_key", "empty", "lines", "../folder/a_key", ".hidden", ""] {
      let error = #expect(throws: SecretError.self) { try source.value(name) }
      #expect(error?.name == name)
    }
    let missing = #expect(throws: SecretError.self) { try source.value("d_key") }
    #expect(missing?.hint.contains("D_KEY") == true)
  }

  @Test func neverPrintsASecret() {
    let secret = Secret("sk_live_x")
    #expect("\(secret) \(String(reflecting: secret)) \([secret])".contains("sk_live_x") == false)
    var dumped = ""
    dump(secret, to: &dumped)
    #expect(!dumped.contains("sk_live_x"))
    #expect("\(secret)" == "•••")
  }
}
