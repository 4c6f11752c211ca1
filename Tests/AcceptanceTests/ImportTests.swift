import Events
import Foundation
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

  fileprivate struct Company {
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
    for (line, word) in [(2, "kind"), (3, "account.at"), (4, "JSON"), (5, "account.name"), (6, "colour")] {
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
    #expect(entries.first?["findings"].list?.first == "cancel_scheduled (critical)")
    #expect(entries.first?["mrr"] == 50_000 && entries.first?["currency"] == "usd" && entries.first?["owner"] == "Kim Reyes")

    let account = try await company.run("account", "alder")
    #expect(account.exit == .status(0) && account.output.contains("Alder Works (1)") && account.output.contains("Timeline"), "\(account)")
    let page = try await company.json("account", "a1")
    #expect(page["account"]["name"] == "Alder Works")
    #expect(page["transitions"].list?.contains { $0["rule"].text == "cancel_scheduled" } == true)

    let explained = try await company.run("explain", "1", "cancel_scheduled")
    #expect(explained.exit == .status(0) && explained.output.contains("cancel_at"), "\(explained)")
    let all = try await company.json("explain", "1").list ?? []
    #expect(all.count >= 8 && all.contains { $0["rule"].text == "cancel_scheduled" && $0["stands"].text?.hasPrefix("firing") == true })

    let deliveries = try await company.run("deliveries")
    #expect(deliveries.exit == .status(0) && deliveries.output.contains("Nothing was posted yet."))
    #expect(try await company.json("deliveries") == [])

    let feeds = try await company.run("feeds")
    #expect(feeds.output.contains("stranger") && feeds.output.contains("import.usage"), "\(feeds)")
    #expect(feeds.output.contains(#/\nimport +imported .* 6 records read /#), "the import as a whole: \(feeds.output)")
    #expect(!feeds.output.contains(" off "), "\(feeds.output)")
  }

  @Test func `an import taken up again says when it was begun, as the company's clock shows it`() async throws {
    let company = try Company()
    try company.folder.write("time_zone: Asia/Tokyo\n", to: "config/calendar.yaml")
    let files = try Self.portfolio(in: company.folder, records: 12_000, seed: 5)
    #expect(try await company.imported(files, killedAt: 30_000) == .signal(SIGKILL))
    let feeds = try await company.run("feeds")
    #expect(feeds.output.contains(/\nimport +importing .* \d+ records read/), "\(feeds.output)")
    let again = try await company.run("import", files[0], files[1])
    let begun = /This import was begun at \d{4}-\d\d-\d\d \d\d:\d\d \(Asia\/Tokyo\) and goes on behind its first \d+ records\./
    #expect(again.errors.contains(begun), "\(again.errors)")
    let day = try await company.run("feeds").output
    #expect(day.contains("LAST SUCCESS (Asia/Tokyo)"))
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

  @Test func `an import goes on when it is started again with the same files, and says so`() async throws {
    let company = try Company()
    let files = try Self.portfolio(in: company.folder, records: 12_000, seed: 7)
    let child = try Child(
      ["import"] + files + ["--config", company.config, "--store", company.store],
      environment: ["BELLWETHER_FAILPOINT": "imported_line:\(12_000 * 2 + 8_000)"], in: company.folder)
    #expect(await child.ended() == .signal(SIGKILL))
    let other = try company.folder.write(Self.lines, to: "other.jsonl")
    #expect(try await company.run("import", other).errors.contains("not finished"))
    let again = try Child(["import"] + files + ["--config", company.config, "--store", company.store], in: company.folder)
    #expect(await again.ended() == .status(0), "\(again.errorText)")
  }

  /// Kills an import at random lines of its passes, again and again, until it is done; `BELLWETHER_IMPORT_KILLS` says how often in all.
  @Test(.timeLimit(.minutes(10))) func `an import that is killed comes to the same end`() async throws {
    let kills = ProcessInfo.processInfo.environment["BELLWETHER_IMPORT_KILLS"].flatMap { Int($0) } ?? 20
    let seed: UInt64 = 11
    print("import: \(kills) kills (seed \(seed))")
    var random = ImportChance(state: seed)
    let undisturbed = try Company()
    let count = 11_000
    let files = try Self.portfolio(in: undisturbed.folder, records: count, seed: seed)
    #expect(try await undisturbed.imported(files, killedAt: nil) == .status(0))
    let expected = try await Self.contents(undisturbed.store)
    #expect(expected.first?.count == count && expected.allSatisfy { !$0.isEmpty })
    var done = 0
    var resumed = 0
    while done < kills {
      let company = try Company()
      let copies = try Self.portfolio(in: company.folder, records: count, seed: seed)
      var isOver = false
      for _ in 0..<5 where done < kills && !isOver {
        // One pass checks every line, one stores the accounts, one the rest.
        let line = Int(random.next() % UInt64(count * 3)) + 1
        let exit = try await company.imported(copies, killedAt: line)
        // A resumed import passes fewer lines, so that it may come to its end before the kill.
        isOver = exit == .status(0)
        #expect(isOver || exit == .signal(SIGKILL))
        if !isOver { done += 1 }
      }
      if !isOver { #expect(try await company.imported(copies, killedAt: nil) == .status(0)) }
      for (found, expected) in zip(try await Self.contents(company.store), expected) {
        let difference = difference(found, expected)
        #expect(difference == nil, "after \(done) kills: \(difference ?? "")")
      }
      let moments = try await StoreFile(path: company.store).rows("SELECT count(DISTINCT observed_at) FROM event")
      #expect(moments == ["1"], "a part of the import was learned at another time")
      resumed += 1
    }
    #expect(done >= kills && resumed > 0)
  }

  /// Everything but the moment of the import, which differs between two of them.
  private static func contents(_ path: String) async throws -> [[String]] {
    let store = StoreFile(path: path)
    return [
      try await store.rows(
        """
        SELECT kind.name, system.name, source_id, version, revision, event.at, account_ref.external_id, person, superseded, body, step
        FROM event JOIN kind ON kind.key = event.kind JOIN system ON system.key = event.system
        LEFT JOIN account_ref ON account_ref.key = event.account_ref ORDER BY event.key
        """),
      try await store.rows("SELECT sequence, type, first_event, last_event, linked_at FROM step ORDER BY sequence"),
      try await store.rows("SELECT stream.name, kinds, known_from FROM stream_state JOIN stream ON stream.key = stream ORDER BY 1"),
      try await store.rows(
        "SELECT json_extract(cursor, '$.new'), json_extract(cursor, '$.unlinked'), json_extract(cursor, '$.done') FROM stream_state "
          + "JOIN stream ON stream.key = stream WHERE stream.name = 'import'"),
    ]
  }

  /// Two files with accounts, people and usage in no order.
  private static func portfolio(in folder: TemporaryFolder, records: Int, seed: UInt64) throws -> [String] {
    var random = ImportChance(state: seed)
    var files = ["", ""]
    for number in 0..<records {
      let account = random.next() % 300
      let at = "2026-01-\(10 + random.next() % 20)T10:00:00Z"
      let line =
        switch number % 20 {
        case 0: #"{"kind":"account","id":"a\#(number / 20)","at":"\#(at)","name":"Works \#(number)","status":"customer"}"#
        case 1: #"{"kind":"contact","id":"c\#(number)","at":"\#(at)","account":"a\#(account)","email":"p\#(account)@w.example"}"#
        default:
          #"{"kind":"usage","id":"u\#(number)","at":"\#(at)","account":"a\#(account)","person":"p\#(account)@w.example","name":"x"}"#
        }
      files[number * 2 / records] += line + "\n"
    }
    return try files.enumerated().map { try folder.write($0.element, to: "portfolio-\($0.offset).jsonl") }
  }
}

extension ImportTests.Company {
  fileprivate func imported(_ files: [String], killedAt line: Int?) async throws -> Exit {
    let child = try Child(
      ["import"] + files + ["--config", config, "--store", store],
      environment: line.map { ["BELLWETHER_FAILPOINT": "imported_line:\($0)"] } ?? [:], in: folder)
    return await child.ended(within: .seconds(120))
  }
}

/// SplitMix64, so that a failing import can be run again from its printed seed.
private struct ImportChance {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
