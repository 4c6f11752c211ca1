import Engine
import Events
import Foundation
import Store
import Testing

/// Accounts put together and taken apart at the command line.
@Suite struct AccountsTests {
  private static let lines = """
    {"kind":"account","id":"a1","at":"2026-01-01T00:00:00Z","name":"Alder Works","domain":"alder.example","status":"customer"}
    {"kind":"account","id":"a2","at":"2026-01-01T00:00:00Z","name":"Alder Nordic","parent":"a1","external":{"desk":"org-7"}}
    {"kind":"account","id":"a3","at":"2026-01-01T00:00:00Z","name":"Birch Mill","domain":"birch.example"}
    {"kind":"contact","id":"c1","at":"2026-01-03T00:00:00Z","account":"a1","name":"Ada Holm","email":"ada@alder.example","role":"champion"}
    {"kind":"usage","id":"u1","at":"2026-01-04T10:00:00Z","person":"ada@alder.example","name":"signed_in","quantity":1}
    {"kind":"usage","id":"u2","at":"2026-01-04T10:00:00Z","person":"jo@team.birch.example","name":"signed_in","quantity":1}
    {"kind":"ticket","id":"t1","at":"2026-01-05T10:00:00Z","feed":"desk","account":"birch-mill","person":"ada@alder.example",\
    "subject":"Question by Ada Holm about an invoice","status":"open"}
    {"kind":"ticket","id":"t2","at":"2026-01-05T10:00:00Z","feed":"desk","account":"org-9","subject":"Help","status":"open"}

    """

  private struct Company {
    let folder: TemporaryFolder
    let config: String
    let store: String

    init(links: String? = nil, more: String = "") async throws {
      folder = try TemporaryFolder()
      config = try folder.copyConfiguration()
      if let links { try folder.write(links, to: "config/links.yaml") }
      store = folder.path("store.sqlite")
      let file = try folder.write(AccountsTests.lines + more, to: "company.jsonl")
      let answer = try await run("import", file)
      #expect(answer.exit == .status(0), "\(answer.errors)")
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

  @Test func `accounts are listed with their ids, contacts and parents`() async throws {
    let company = try await Company()
    let list = try await company.run("accounts")
    #expect(list.exit == .status(0) && list.output.contains("Alder Nordic (2)  import a2, desk org-7"), "\(list)")
    let accounts = try await company.json("accounts").list ?? []
    #expect(accounts.map { $0["name"].text } == ["Alder Works", "Alder Nordic", "Birch Mill"])
    #expect(accounts[1]["parent"] == 1 && accounts[0]["children"] == [2] && accounts[0]["contacts"] == 1)

    let page = try await company.run("accounts", "show", "a1")
    #expect(page.output.contains("Children: Alder Nordic (2)") && page.output.contains("ada@alder.example"), "\(page)")
    let shown = try await company.json("accounts", "show", "alder works")
    let ids = shown["account"]["ids"].list ?? []
    #expect(ids.map { $0["by"].text } == ["import", "domain"] && ids.map { $0["confidence"] } == [95, 60])
    #expect(shown["records"].list?.map { $0["kind"].text } == ["account", "contact", "usage"])
    let unknown = try await company.run("accounts", "show", "willow")
    #expect(unknown.exit == .status(64) && unknown.errors.contains("No account is called 'willow'"))
  }

  @Test func `what belongs to no account is listed with the command that links it`() async throws {
    let company = try await Company()
    let text = try await company.run("accounts", "unlinked")
    #expect(text.output.contains("Birch Mill (3)"), "\(text)")
    let strangers = try await company.json("accounts", "unlinked")["unlinked"].list ?? []
    #expect(strangers.map { $0["id"].text } == ["birch-mill", "org-9", "team.birch.example"])
    #expect(strangers.map { $0["nearest"] } == [3, .null, 3])
    #expect(strangers[2]["command"] == "bellwether accounts link domain team.birch.example '#3'")

    for id in [("desk", "birch-mill"), ("domain", "team.birch.example")] {
      let linked = try await company.run("accounts", "link", id.0, id.1, "#3")
      #expect(linked.exit == .status(0) && linked.output.contains("stands for Birch Mill (3) from now on; 1 record follows"), "\(linked)")
    }
    #expect(try await company.json("accounts", "unlinked")["unlinked"].list?.count == 1)
    #expect(try await company.json("accounts", "show", "a3")["records"].list?.map { $0["kind"].text } == ["account", "ticket", "usage"])

    // To another account, and away.
    #expect(try await company.json("accounts", "link", "desk", "birch-mill", "a2") == ["account": 2, "records": 1])
    let undone = try await company.run("accounts", "unlink", "desk", "birch-mill")
    #expect(undone.exit == .status(0) && undone.output == "desk birch-mill no longer stands for Alder Nordic (2).\n", "\(undone)")
    let left = try await company.json("accounts", "unlinked")["unlinked"].list ?? []
    #expect(left.map { $0["why"].text } == ["undone", "unclaimed"])
    let twice = try await company.run("accounts", "unlink", "desk", "birch-mill")
    #expect(twice.exit == .status(1) && twice.errors.contains("is linked to no account"))
    let own = try await company.run("accounts", "unlink", "import", "a3")
    #expect(own.exit == .status(1) && own.errors.contains("the id account 3 was made from"))
    try await Self.expectReplay(of: company.store)
  }

  @Test func `an account is shown with the ids it holds, whatever its records name`() async throws {
    let company = try await Company()
    #expect(try await company.run("account", "2").output.contains("import a2 · desk org-7"))
    for (id, account) in [("org-9", "#2"), ("org-7", "#3")] {
      #expect(try await company.run("accounts", "link", "desk", id, account).exit == .status(0))
    }
    let header = try await company.run("account", "2").output.split(separator: "\n", omittingEmptySubsequences: false)[2]
    #expect(header == "import a2 · desk org-9", "the record names org-7, which is another's now: \(header)")
    let ids = try await company.json("account", "2")["ids"].list ?? []
    #expect(ids.map { $0["id"].text } == ["a2", "org-9"])
    #expect(try await company.run("account", "3").output.contains("desk org-7"))
  }

  @Test func `a link to a system nobody knows is refused, and one to an id nobody named is said to be one`() async throws {
    let company = try await Company()
    let misspelt = try await company.run("accounts", "link", "desc", "org-9", "#2")
    #expect(misspelt.exit == .status(64) && misspelt.errors == "Error: No system is called 'desc'; did you mean desk?\n", "\(misspelt)")
    let strange = try await company.run("accounts", "link", "mainframe", "org-9", "#2")
    #expect(strange.exit == .status(64), "\(strange)")
    for known in ["desk", "domain", "import", "stripe"] { #expect(strange.errors.contains(known), "\(strange)") }
    #expect(try await company.json("accounts", "unlinked")["unlinked"].list?.count == 3, "nothing was linked")

    let unheard = try await company.run("accounts", "link", "stripe", "cus_7", "#2")
    #expect(unheard.exit == .status(0) && unheard.output.hasSuffix("from now on; no record has named it yet.\n"), "\(unheard)")
  }

  @Test func `an argument that names nothing is told without the usage of the command`() async throws {
    let company = try await Company()
    for arguments in [["accounts", "show", "willow"], ["account", "willow"], ["feeds", "again", "willow"], ["explain", "1", "willow"]] {
      let child = try Child(arguments + ["--config", company.config, "--store", company.store], in: company.folder)
      #expect(await child.ended() == .status(64), "\(arguments)")
      #expect(child.errorText.hasPrefix("Error: ") && child.errorText.contains("'willow'"), "\(child.errorText)")
      #expect(!child.errorText.contains("Usage:"), "\(child.errorText)")
    }
    let misused = try await company.run("accounts", "link", "desk")
    #expect(misused.exit == .status(64) && misused.errors.contains("Usage:"), "\(misused)")
  }

  @Test func `moments are told to the minute and in the company's own time`() async throws {
    let company = try await Company()
    try company.folder.write("time_zone: Asia/Tokyo\n", to: "config/calendar.yaml")
    let page = try await company.run("accounts", "show", "a1")
    #expect(page.output.contains("SINCE (Asia/Tokyo)") && page.output.contains("FIRST (Asia/Tokyo)"), "\(page)")
    #expect(page.output.contains("2026-01-04 19:00    2026-01-04 19:00"), "the usage of 10:00 UTC: \(page)")
    let strangers = try await company.run("accounts", "unlinked")
    #expect(strangers.output.contains("SINCE (Asia/Tokyo)") && strangers.output.contains("2026-01-05 19:00"), "\(strangers)")
    for text in [page.output, strangers.output] { #expect(!text.contains("Z") && !text.contains(".000"), "\(text)") }
  }

  @Test func `feeds lists twenty unlinked ids and says how many more there are, each in its own system`() async throws {
    let company = try await Company()
    let few = try await company.run("feeds")
    #expect(few.output.contains(/usage +domain +team\.birch\.example +1/), "\(few.output)")
    #expect(!few.output.contains(" more; "))
    let lines = (1...30).map {
      #"{"kind":"ticket","id":"x\#($0)","at":"2026-01-05T10:00:00Z","feed":"desk","account":"o\#($0)","subject":"S"}"#
    }
    let file = try company.folder.write(lines.joined(separator: "\n") + "\n", to: "more.jsonl")
    #expect(try await company.run("import", file).exit == .status(0))
    let many = try await company.run("feeds")
    #expect(many.output.hasSuffix("… and 13 more; `bellwether accounts unlinked` shows all\n"), "\(many.output)")
    #expect(many.output.split(separator: "\n").count { $0.contains(/^(ticket|usage) +(desk|domain) +\S+ +1$/) } == 20, "\(many.output)")
  }

  @Test func `links yaml links what nobody names, and its lines that wait are shown`() async throws {
    let company = try await Company(
      links: """
        accounts:
          - { system: desk, id: org-9, account: Birch Mill }
          - { system: desk, id: org-10, account: nobody }
        people:
          - { system: app, id: u-17, person: c1 }
        """)
    let strangers = try await company.json("accounts", "unlinked")
    #expect(strangers["waiting"].list?.map { $0["id"].text } == ["org-10"])
    let ids = try await company.json("accounts", "show", "a3")["account"]["ids"].list ?? []
    #expect(ids.contains { $0["id"].text == "org-9" && $0["by"].text == "mapping" && $0["confidence"] == 90 })
    let people = try await company.json("accounts", "show", "a1")["people"].list ?? []
    #expect(people.first?["ids"].list?.contains { $0["id"].text == "u-17" } == true)

    try company.folder.write("accounts:\n  - { system: desk, id: org-9 }\n", to: "config/links.yaml")
    let check = try await company.run("check")
    #expect(check.exit == .status(1) && check.output.contains("links.yaml:2"), "\(check.output)")
  }

  @Test func `a person is exported, forgotten and found again by number only`() async throws {
    let company = try await Company()
    let held = try await company.json("person", "export", "ada@alder.example")
    #expect(held["name"].text == "Ada Holm" && held["records"].list?.map { $0["kind"].text } == ["contact", "ticket", "usage"])
    let number = held["person"].scalarText ?? ""
    let preview = try await company.run("person", "forget", number)
    #expect(preview.exit == .status(0) && preview.output.contains("Add --yes"))
    #expect(try await company.json("person", "export", number) == held)

    let done = try await company.json("person", "forget", "Ada Holm", "--yes")
    #expect(done["records"] == 2)
    let after = try await company.json("person", "export", number)
    #expect(after["name"] == .null && after["records"].list?.count == 3)
    #expect(after["records"].list?[1]["subject"].text?.contains("invoice") == true, "what rules look for stays: \(after)")
    for file in try FileManager.default.contentsOfDirectory(atPath: company.folder.url.path) where file.hasPrefix("store.sqlite") {
      let bytes = try Data(contentsOf: company.folder.url.appending(path: file))
      for secret in ["Ada Holm", "ada@alder.example", "Question by"] {
        #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(file) still holds \(secret)")
      }
    }
    try await Self.expectReplay(of: company.store)
  }

  @Test func `what a lexicon found in a forgotten text is found in it again when the log is folded anew`() async throws {
    let yesterday = Instant(seconds: Int64(Date().timeIntervalSince1970) - 86_400).iso8601
    let text = "Ada Holm here. We do not use RivalSoft, but we are re-evaluating our stack. Thanks!"
    let ticket = """
      {"kind":"ticket","id":"t9","at":"\(yesterday)","account":"a1","person":"ada@alder.example","subject":"\(text)","status":"open"}

      """
    let company = try await Company(more: ticket)
    // What an import tells is known once it is through; a link has the account looked at after that.
    #expect(try await company.run("accounts", "link", "desk", "org-9", "#1").exit == .status(0))
    let file = StoreFile(path: company.store)
    let found = try await file.rows(StoreFile.transitions).filter { $0.hasPrefix("reevaluating_stack|") }
    #expect(found.count == 1 && found.allSatisfy { $0.contains("re-evaluat* our") }, "\(found)")

    let number = try await company.json("person", "export", "ada@alder.example")["person"].scalarText ?? ""
    #expect(try await company.run("person", "forget", number, "--yes").exit == .status(0))
    let records = try await company.json("person", "export", number)["records"].list ?? []
    let kept = try #require(records.compactMap { $0["subject"].text }.first { $0.contains("evaluat") })
    #expect(kept.contains("re-evaluat our") && !kept.contains("Holm") && !kept.contains("rivalsoft"), "\(kept)")

    let store = try EventStore(path: company.store, access: .readOnly)
    var fold = LogFold(source: try await StoredConfigurations.source(of: store))
    var again: [Transition] = []
    while case let steps = try await store.steps(after: fold.portfolio.position, limit: 50), !steps.isEmpty {
      again += try fold.fold(steps).transitions
    }
    let ours = again.filter { $0.finding.rule == "reevaluating_stack" }
    #expect(ours.count == 1 && ours.allSatisfy { $0.to == .firing && found[0].hasSuffix("|" + $0.evidence.serialized()) }, "\(ours)")
    #expect(!again.contains { $0.finding.rule == "competitor_mentions" })
    try await Self.expectReplay(of: company.store)
  }

  /// Folding the log again gives the transitions, scores and states that the store holds.
  private static func expectReplay(of path: String) async throws {
    let file = StoreFile(path: path)
    let store = try EventStore(path: path, access: .readOnly)
    var fold = LogFold(source: try await StoredConfigurations.source(of: store))
    var transitions = 0
    var scores: [String] = []
    while case let steps = try await store.steps(after: fold.portfolio.position, limit: 1), !steps.isEmpty {
      let outcome = try fold.fold(steps)
      transitions += outcome.transitions.count
      scores += outcome.scores.map { "\($0.account.number)|\($0.step)|\($0.at.microseconds)|\($0.content.serialized())" }
    }
    #expect(transitions == (try await file.rows(StoreFile.transitions)).count)
    #expect(difference(scores, try await file.rows(StoreFile.scores)) == nil)
    let states = fold.accounts.sorted { $0.key < $1.key }.map { "\($0.key.number)|\($0.value.json.serialized())" }
    let found = difference(states, try await file.rows(StoreFile.states))
    #expect(found == nil, "\(found ?? "")")
  }
}
