import Events
import Testing

/// A company that begins with files: import, and everything one can ask of what came in.
@Suite struct ImportTests {
  /// A customer who pays, opens three escalations that come back, and cancels.
  private static let lines = """
    {"kind":"account","id":"a1","at":"2026-01-01T00:00:00Z","name":"Alder Works","status":"customer","owner":{"name":"Kim Reyes"}}
    {"kind":"account","id":"a2","at":"2026-01-01T00:00:00Z","name":"Birch Works","status":"customer"}
    {"kind":"subscription","id":"s1","at":"2026-01-02T00:00:00Z","account":"a1","status":"active",\
    "items":[{"id":"i1","plan":"team","quantity":10,"unit_amount":5000,"currency":"usd","interval":"month","interval_count":1,"metered":false}],\
    "started_at":"2026-01-02T00:00:00Z","cancel_at":"2030-01-02T00:00:00Z"}
    {"kind":"contact","id":"c1","at":"2026-01-03T00:00:00Z","account":"a1","name":"Ada Holm","email":"ada@alder.example","role":"champion"}

    {"kind":"usage","id":"u1","at":"2026-01-04T10:00:00Z","account":"a1","person":"ada@alder.example","name":"signed_in","quantity":1}
    {"kind":"ticket","id":"t1","at":"2026-01-05T10:00:00Z","account":"stranger","subject":"Who am I","status":"open"}

    """

  private struct Company {
    let folder: TemporaryFolder
    let config: String
    let store: String
    let file: String

    init() throws {
      folder = try TemporaryFolder()
      config = try folder.copyConfiguration()
      store = folder.path("store.sqlite")
      file = try folder.write(ImportTests.lines, to: "company.jsonl")
    }

    func run(_ arguments: String...) async throws -> Answer {
      let child = try Child(arguments + ["--config", config, "--store", store], in: folder)
      let exit = await child.ended()
      return Answer(exit: exit, output: child.outputText, errors: child.errorText)
    }

    func json(_ arguments: String...) async throws -> JSON {
      let child = try Child(arguments + ["--json", "--config", config, "--store", store], in: folder)
      let exit = await child.ended()
      #expect(exit == .status(0), "\(arguments): \(child.errorText)")
      return try JSON(parsing: child.outputText)
    }
  }

  @Test func `a file is imported once however often it is given`() async throws {
    let company = try Company()
    let first = try await company.run("import", company.file)
    #expect(first.exit == .status(0), "\(first.errors)")
    #expect(first.output == "6 records stored, 0 known already, 1 without a linked account\n")
    let again = try await company.json("import", company.file)
    #expect(again == ["new": 0, "known_already": 6, "unlinked": 0])
    let counts = try await company.json("feeds")["records"].list ?? []
    #expect(counts.count == 5 && counts.allSatisfy { $0["system"].text == "import" })
    #expect(counts.first { $0["kind"].text == "account" }?["count"] == 2)
  }

  @Test func `bad lines are named and nothing is stored`() async throws {
    let company = try Company()
    let bad = try company.folder.write(
      """
      {"kind":"account","id":"a3","at":"2026-01-01T00:00:00Z","name":"Cedar Works"}
      {"kind":"acount","id":"a4","at":"2026-01-01T00:00:00Z"}
      {"kind":"account","id":"a5","at":"yesterday"}
      {"kind":"account","id":"a6","at":"2026-01-01T00:00:00Z"
      {"kind":"account","id":"a7","at":"2026-01-01T00:00:00Z","name":["Elm"]}
      {"kind":"ticket","id":"t7","at":"2026-01-01T00:00:00Z","colour":"red"}
      """, to: "bad.jsonl")
    let answer = try await company.run("import", company.file, bad)
    #expect(answer.exit == .status(1))
    let told = answer.errors.split(separator: "\n")
    for (line, word) in [(2, "kind"), (3, "account.at"), (4, ""), (5, "account.name"), (6, "colour")] {
      let fault = told.first { $0.hasPrefix("\(bad):\(line): ") }
      #expect(fault?.contains(word) == true, "line \(line):\n\(answer.errors)")
    }
    #expect(!told.contains { $0.hasPrefix("\(bad):1: ") || $0.hasPrefix(company.file) })
    #expect(answer.errors.contains("Nothing was stored"))
    #expect(try await company.run("feeds").exit != .status(0), "a store was made although nothing was to be stored")
  }

  @Test func `what was imported can be asked for, in words and as JSON`() async throws {
    let company = try Company()
    #expect(try await company.run("import", company.file).exit == .status(0))

    let queue = try await company.run("queue")
    #expect(queue.exit == .status(0) && queue.output.contains("Alder Works (1)") && queue.output.contains("cancel_scheduled"), "\(queue)")
    #expect(!queue.output.contains("Birch Works"))
    let entries = try await company.json("queue", "--all").list ?? []
    #expect(entries.map { $0["name"].text } == ["Alder Works", "Birch Works"])
    #expect(entries.first?["findings"] == ["cancel_scheduled (critical)"])
    #expect(entries.first?["mrr"] == 50_000 && entries.first?["currency"] == "usd" && entries.first?["owner"] == "Kim Reyes")

    let account = try await company.run("account", "alder")
    #expect(account.exit == .status(0) && account.output.contains("Alder Works (1)") && account.output.contains("Timeline"), "\(account)")
    let page = try await company.json("account", "a1")
    #expect(page["account"]["name"] == "Alder Works")
    #expect(page["transitions"].list?.map { $0["rule"].text } == ["cancel_scheduled"])

    let explained = try await company.run("explain", "1", "cancel_scheduled")
    #expect(explained.exit == .status(0) && explained.output.contains("cancel_at"), "\(explained)")
    let all = try await company.json("explain", "1").list ?? []
    #expect(all.count >= 8 && all.contains { $0["rule"].text == "cancel_scheduled" && $0["stands"].text?.hasPrefix("firing") == true })

    let deliveries = try await company.run("deliveries")
    #expect(deliveries.exit == .status(0) && deliveries.output.contains("Nothing was posted yet."))
    #expect(try await company.json("deliveries") == [])

    let feeds = try await company.run("feeds")
    #expect(feeds.output.contains("stranger") && feeds.output.contains("import.usage"), "\(feeds)")
  }

  @Test(arguments: [["queue"], ["account", "1"], ["explain", "1"], ["deliveries"], ["feeds"]])
  func `a question before there is a store is answered with what to do`(arguments: [String]) async throws {
    let folder = try TemporaryFolder()
    let child = try Child(arguments + ["--store", folder.path("none.sqlite")], in: folder)
    #expect(await child.ended() != .status(0))
    #expect(child.errorText.contains("There is no store at") && child.errorText.contains("bellwether import"), "\(child.errorText)")
  }

  @Test func `an account nobody knows is not guessed at`() async throws {
    let company = try Company()
    #expect(try await company.run("import", company.file).exit == .status(0))
    let unknown = try await company.run("account", "willow")
    #expect(unknown.exit != .status(0) && unknown.errors.contains("No account is called 'willow'"))
    let several = try await company.run("account", "works")
    #expect(several.exit != .status(0) && several.errors.contains("could be 2 accounts"))
    let rule = try await company.run("explain", "1", "champion_lost")
    #expect(rule.exit != .status(0) && rule.errors.contains("champion_left"))
  }
}
