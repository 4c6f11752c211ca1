import ArgumentParser
import ConfigFiles
import Events
import Store

extension AccountsCommand {
  /// `bellwether accounts unlinked`
  struct Unlinked: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "unlinked", abstract: "Records that belong to no account, ids that two claim, and lines of links.yaml that wait.")

    @OptionGroup var shared: SharedOptions

    func run() async throws {
      let store = try EventStore(path: shared.store, access: .readOnly)
      let directory = try await AccountDirectory(store)
      let page = UnlinkedPage(
        strangers: Stranger.all(of: try await store.unlinkedRecords(), directory), conflicts: try await store.linkConflicts(),
        waiting: try await store.waitingMappings(), directory: directory, calendar: shared.calendar)
      StandardOutput.print(shared.json ? page.json.serialized() : page.text)
    }
  }
}

/// An id that stands for no account, with all that was told under it.
private struct Stranger {
  /// Nil where the records name no account and no company's address.
  let reference: (system: String, id: String)?
  let reason: UnlinkedRecords.Reason
  let systems: [String]
  let kinds: [String]
  let count: Int
  let first: Instant
  let last: Instant
  /// The account a person would try first.
  let nearest: StoredAccount?

  /// Most records first.
  static func all(of rows: [UnlinkedRecords], _ directory: AccountDirectory) -> [Stranger] {
    let named = Dictionary(grouping: rows) { [$0.referenceSystem ?? "", $0.reference ?? ""] }
    let strangers = named.keys.sorted { $0.lexicographicallyPrecedes($1) }.compactMap { key -> Stranger? in
      guard let rows = named[key], let row = rows.first else { return nil }
      let reference = row.reference.map { (system: row.referenceSystem ?? row.system, id: $0) }
      return Stranger(
        reference: reference, reason: row.reason, systems: Set(rows.map(\.system)).sorted(),
        kinds: Set(rows.map(\.kind.rawValue)).sorted(), count: rows.reduce(0) { $0 + $1.count },
        first: rows.map(\.first).min() ?? row.first, last: rows.map(\.last).max() ?? row.last,
        nearest: row.reason == .unclaimed
          ? reference.flatMap { directory.nearest(to: $0.id, isDomain: $0.system == CompanyDomain.system) } : nil)
    }
    return strangers.enumerated().sorted { ($1.element.count, $0.offset) < ($0.element.count, $1.offset) }.map(\.element)
  }

  var command: String? {
    reference.flatMap { reference in
      nearest.map { "bellwether accounts link \(reference.system) \(shellQuoted(reference.id)) '#\($0.key.number)'" }
    }
  }

  var json: JSON {
    [
      "system": JSON(reference?.system), "id": JSON(reference?.id), "why": .text(reason.rawValue), "told_by": .list(systems.map(JSON.text)),
      "kinds": .list(kinds.map(JSON.text)), "count": JSON(count), "first": JSON(first), "last": JSON(last),
      "nearest": nearest.map { JSON($0.key.number) } ?? .null, "command": JSON(command),
    ]
  }
}

/// What `bellwether accounts unlinked` prints.
private struct UnlinkedPage {
  let strangers: [Stranger]
  let conflicts: [LinkConflict]
  let waiting: [LinkMapping]
  let directory: AccountDirectory
  let calendar: CompanyCalendar

  var text: String {
    let parts = [records, contested, lines].filter { !$0.isEmpty }
    return parts.isEmpty ? "Every record belongs to an account." : parts.joined(separator: "\n\n")
  }

  private var records: String {
    guard !strangers.isEmpty else { return "" }
    var table = TextTable([
      ("SYSTEM", .left), ("ID", .left), ("RECORDS", .right), ("KINDS", .left), ("SINCE (\(calendar.timeZone))", .left), ("WHY", .left),
      ("NEAREST", .left),
    ])
    for row in strangers {
      table.add([
        row.reference?.system ?? row.systems.joined(separator: ", "), row.reference?.id ?? "–", String(row.count),
        row.kinds.joined(separator: ", "), calendar.text(of: row.first), row.reason.words, row.nearest?.title ?? "–",
      ])
    }
    let commands = strangers.compactMap(\.command)
    return table.rendered()
      + (commands.isEmpty ? "" : "\n\nIf the nearest is right:\n" + commands.map { "  \($0)" }.joined(separator: "\n"))
  }

  private var contested: String {
    guard !conflicts.isEmpty else { return "" }
    var table = TextTable([("CLAIMED TWICE", .left), ("ID", .left), ("HELD BY", .left), ("CLAIMED BY", .left)])
    for conflict in conflicts {
      let isAmbiguous = strangers.contains { $0.reason == .ambiguous && $0.reference?.id == conflict.id }
      let holder = title(conflict.holder, conflict.subject)
      let claimant = title(conflict.claimant, conflict.subject)
      table.add([conflict.system, conflict.id, isAmbiguous ? "nobody" : holder, isAmbiguous ? "\(holder), \(claimant)" : claimant])
    }
    return table.rendered() + "\n`bellwether accounts link SYSTEM ID ACCOUNT` settles one of an account."
  }

  private var lines: String {
    guard !waiting.isEmpty else { return "" }
    var table = TextTable([("WAITS IN links.yaml", .left), ("ID", .left), ("FOR", .left)])
    for line in waiting { table.add([line.system, line.id, "\(line.subject.rawValue) \(line.target)"]) }
    return table.rendered()
  }

  private func title(_ number: Int64, _ subject: LinkConflict.Subject) -> String {
    switch subject {
    case .account: directory.account(AccountKey(number))?.title ?? "account \(number)"
    case .person: "person \(number)"
    }
  }

  var json: JSON {
    [
      "unlinked": .list(strangers.map(\.json)),
      "conflicts": .list(
        conflicts.map {
          [
            "subject": .text($0.subject.rawValue), "system": .text($0.system), "id": .text($0.id), "holder": JSON($0.holder),
            "claimant": JSON($0.claimant),
          ]
        }),
      "waiting": .list(
        waiting.map {
          ["subject": .text($0.subject.rawValue), "system": .text($0.system), "id": .text($0.id), "target": .text($0.target)]
        }),
    ]
  }
}

extension UnlinkedRecords.Reason {
  fileprivate var words: String {
    switch self {
    case .unnamed: "names no account"
    case .unclaimed: "no account claims it"
    case .ambiguous: "two accounts claim it"
    case .undone: "unlinked"
    }
  }
}

extension AccountDirectory {
  /// The one account whose domain or name an id resembles; nil where none does, or several do.
  func nearest(to id: String, isDomain: Bool) -> StoredAccount? {
    if isDomain {
      // mail.acme.com is likely Acme's too.
      let relatives = accounts.filter { account in
        guard let domain = outlines[account.key]?.domain.flatMap(CompanyDomain.normalized) else { return false }
        return id.hasSuffix("." + domain) || domain.hasSuffix("." + id)
      }
      if let only = relatives.first, relatives.count == 1 { return only }
    }
    let word = plain(isDomain ? String(id.prefix { $0 != "." }) : id)
    guard word.count >= 3 else { return nil }
    let alike = accounts.filter { account in
      let name = plain(account.name ?? "")
      return name.count >= 3 && (name.hasPrefix(word) || word.hasPrefix(name))
    }
    if let only = alike.first { return alike.count == 1 ? only : nil }
    let names = Dictionary(grouping: accounts) { plain($0.name ?? "") }
    let near = ConfigFiles.nearest(word, among: names.keys.filter { !$0.isEmpty }.sorted()).flatMap { names[$0] }
    return near?.count == 1 ? near?.first : nil
  }

  private func plain(_ text: String) -> String { text.lowercased().filter { $0.isLetter || $0.isNumber } }
}

/// A word as a shell takes it whole.
private func shellQuoted(_ text: String) -> String {
  let isPlain = text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-@:/".contains($0)) }
  return isPlain ? text : "'" + text.replacing("'", with: "'\\''") + "'"
}
