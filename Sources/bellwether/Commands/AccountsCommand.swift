import ArgumentParser
import ConfigFiles
import Events
import Feeds
import Store

/// `bellwether accounts`
struct AccountsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accounts", abstract: "Which ids of which systems make one account, and what belongs to none.",
    subcommands: [All.self, Show.self, Unlinked.self, Link.self, Unlink.self], defaultSubcommand: All.self)

  /// `bellwether accounts list`
  struct All: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Every account with its ids, contacts and parent.")

    @OptionGroup var shared: SharedOptions

    func run() async throws {
      let store = try EventStore(path: shared.store, access: .readOnly)
      let directory = try await AccountDirectory(store)
      if shared.json {
        StandardOutput.print(JSON.list(directory.accounts.map(directory.json)).serialized())
        return
      }
      guard !directory.accounts.isEmpty else {
        StandardOutput.print("No account is known yet: a CRM feed or `bellwether import` brings them.")
        return
      }
      var table = TextTable([("ACCOUNT", .left), ("IDS", .left), ("CONTACTS", .right), ("PARENT", .left)])
      for account in directory.accounts {
        let outline = directory.outlines[account.key]
        table.add([
          account.title, account.references.map { "\($0.system) \($0.id)" }.joined(separator: ", "), String(outline?.contacts ?? 0),
          directory.parent(of: account.key)?.title ?? outline?.parentID.map { "\($0) (unknown)" } ?? "–",
        ])
      }
      StandardOutput.print(table.rendered())
    }
  }

  /// `bellwether accounts link`
  struct Link: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "link", abstract: "Say that an id of a system is an account's; past records follow.",
      discussion: """
        Counts for more than what the CRM, links.yaml or a domain say, until `accounts unlink` takes it back. The daemon must be stopped. \
        For a company's e-mail domain the SYSTEM is 'domain'.
        """)

    @Argument(help: "The system that uses the id: stripe, zendesk, domain…") var system: String
    @Argument(help: "The id in that system.") var id: String
    @Argument(help: "The account's number, name, or id in any system.") var account: String
    @OptionGroup var shared: SharedOptions

    func run() async throws {
      let store = try EventStore(path: shared.store, access: .exclusive)
      let account = try await store.theAccount(account)
      try await refuseUnknownSystem(store)
      let count = try await store.link(system: system, id: id, to: account.key, at: WallClock.now())
      try await EngineHost(store: store).catchUp()
      if shared.json {
        StandardOutput.print((["account": JSON(account.key.number), "records": JSON(count)] as JSON).serialized())
      } else {
        let records =
          switch count {
          case 0: "no record has named it yet"
          case 1: "1 record follows"
          default: "\(count) records follow"
          }
        StandardOutput.print("\(system) \(id) stands for \(account.title) from now on; \(records).")
      }
    }

    /// A system is one that a feed file names, that records came from or that an account's id is of.
    private func refuseUnknownSystem(_ store: EventStore) async throws {
      var unheard = Diagnostics()
      let feeds = (try? ConfigurationFolder(path: shared.config))?.feeds ?? []
      let connectors = Connector.all(in: feeds, environment: shared.environment, into: &unheard)
      let named = try await store.accounts().flatMap { $0.references.map(\.system) }
      let told = try await store.eventCounts().map(\.system)
      let known = Set(connectors.map(\.system) + named + told + [CompanyDomain.system]).sorted()
      guard !known.contains(system) else { return }
      let guess = nearest(system, among: known).map { "did you mean \($0)?" } ?? "known: \(known.joined(separator: ", "))."
      throw WrongArgument("No system is called '\(system)'; \(guess)")
    }
  }

  /// `bellwether accounts unlink`
  struct Unlink: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "unlink", abstract: "Say that an id of a system is no account's; its records leave the account.",
      discussion: "It stays so until `accounts link` says otherwise, whatever the CRM names. The daemon must be stopped.")

    @Argument(help: "The system that uses the id.") var system: String
    @Argument(help: "The id in that system.") var id: String
    @OptionGroup var shared: SharedOptions

    func run() async throws {
      let store = try EventStore(path: shared.store, access: .exclusive)
      let key = try await store.unlink(system: system, id: id, at: WallClock.now())
      try await EngineHost(store: store).catchUp()
      let account = try await store.account(key)
      if shared.json {
        StandardOutput.print((["account": JSON(key.number)] as JSON).serialized())
      } else {
        StandardOutput.print("\(system) \(id) no longer stands for \(account?.title ?? "account \(key.number)").")
      }
    }
  }
}

extension StoredAccount {
  /// `Acme (12)`
  var title: String { "\(name ?? "\(system) \(externalID)") (\(key.number))" }
}

extension EventStore {
  /// The one account that a person means by a number, a name or an id in any system.
  ///
  /// - Throws: `WrongArgument` if there is none or several.
  func theAccount(_ text: String) async throws -> StoredAccount {
    let found = try await findAccounts(text)
    guard let first = found.first else { throw WrongArgument("No account is called '\(text)'. `bellwether accounts` lists them.") }
    guard found.count == 1 else {
      let names = found.prefix(5).map(\.title).joined(separator: ", ")
      throw WrongArgument("'\(text)' could be \(found.count) accounts: \(names). Name one by its number, as #\(first.key.number).")
    }
    return first
  }
}

/// Every account with where it belongs.
struct AccountDirectory {
  let accounts: [StoredAccount]
  let outlines: [AccountKey: AccountOutline]
  private let byKey: [AccountKey: StoredAccount]

  init(_ store: EventStore) async throws {
    accounts = try await store.accounts()
    outlines = try await store.accountOutlines()
    byKey = Dictionary(accounts.map { ($0.key, $0) }) { $1 }
  }

  func account(_ key: AccountKey) -> StoredAccount? { byKey[key] }

  func parent(of key: AccountKey) -> StoredAccount? { outlines[key]?.parent.flatMap { byKey[$0] } }

  func children(of key: AccountKey) -> [StoredAccount] { accounts.filter { outlines[$0.key]?.parent == key } }

  func json(_ account: StoredAccount) -> JSON {
    let outline = outlines[account.key]
    return [
      "account": JSON(account.key.number), "name": JSON(account.name), "domain": JSON(outline?.domain),
      "contacts": JSON(outline?.contacts ?? 0), "parent": outline?.parent.map { JSON($0.number) } ?? .null,
      "parent_id": JSON(outline?.parentID), "children": .list(children(of: account.key).map { JSON($0.key.number) }),
      "ids": .list(
        account.references.map {
          [
            "system": .text($0.system), "id": .text($0.id), "by": .text($0.provenance), "confidence": JSON($0.confidence),
            "since": JSON($0.since),
          ]
        }),
    ]
  }
}
