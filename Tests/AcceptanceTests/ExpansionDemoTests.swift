import Events
import Foundation
import Testing

/// Each verdict on an expansion reached by the right account and by no other, and what the commands say of it.
@Suite(.serialized) struct ExpansionDemoTests {
  private struct Run {
    let folder: TemporaryFolder
    let rows: [JSON]

    init(seed: Int) async throws {
      folder = try TemporaryFolder()
      let config = Repository.root.appending(path: "config").path
      let child = try Child(
        [
          "demo", "--exit", "--json", "--expansions", "--seed", String(seed), "--config", config, "--store",
          folder.url.appending(path: "demo.sqlite").path,
        ], in: folder)
      let ended = await child.ended(within: .seconds(300))
      #expect(ended == .status(0), "seed \(seed): \(child.errorText.suffix(2_000))")
      rows = try JSON(parsing: child.outputText)["expansions"].list ?? []
    }

    /// What a command answers from the store that the demo left.
    func answer(_ arguments: String...) async throws -> String {
      let child = try Child(arguments + ["--store", folder.path("demo.sqlite")], in: folder)
      #expect(await child.ended(within: .seconds(120)) == .status(0), "\(child.errorText)")
      return child.outputText
    }
  }

  private static let verdicts: Set<String> = [
    "last_resort", "champion_bet", "shelfware", "unadopted", "bought_ahead", "healthy", "proving",
  ]

  @Test(arguments: [1, 2, 3, 4, 5]) func everyVerdictIsReachedByTheRightAccountAndNoOther(seed: Int) async throws {
    let run = try await Run(seed: seed)
    for row in run.rows { #expect(row["good"].flag == true, "seed \(seed): \(row.serialized())") }
    #expect(Set(run.rows.compactMap { $0["planted"].text }) == Self.verdicts)
    guard seed == 1 else { return }
    try await expectTheAudit(run)
  }

  private func expectTheAudit(_ run: Run) async throws {
    let audit = try JSON(parsing: try await run.answer("audit", "expansions", "--json", "--by", "segment"))
    let cases = audit["cases"].list ?? []
    #expect(cases.count == run.rows.count)
    for row in run.rows {
      let found = cases.filter { $0["account"].text == row["account"].text }
      #expect(found.map { $0["verdict"].text } == [row["planted"].text])
    }
    let added = cases.reduce(0) { $0 + ($1["mrr_added"].integer ?? 0) }
    for totals in ["by_verdict", "by_segment"] {
      #expect((audit[totals].list ?? []).reduce(0) { $0 + ($1["amount"].integer ?? 0) } == added)
    }
    let lines = try await run.answer("audit", "expansions", "--csv").split(whereSeparator: \.isNewline)
    #expect(lines.count == cases.count + 1 && lines[0].hasPrefix("account,number,opened,day,mrr_added,"))
    let table = try await run.answer("audit", "expansions")
    #expect(table.contains("VERDICT") && table.contains("█"))
    // Before anybody bought there is nothing to tell.
    #expect(try await run.answer("audit", "expansions", "--as-of", "2025-01-08").hasPrefix("No account has expanded"))
    let page = try await run.answer("account", run.rows[0]["account"].text ?? "")
    #expect(page.contains("last resort since") && page.contains("escalated tickets since the expansion"))
  }
}
