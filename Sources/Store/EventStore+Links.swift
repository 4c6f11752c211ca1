package import Events
internal import GRDB

extension EventStore {
  /// Links an account's id in a system by a person's word; what stood for another account moves. Earlier records come home, or the
  /// accounts concerned are rebuilt, in the steps that follow. Gives the number of records told so far under that id.
  ///
  /// - Throws: `unknown` if there is no such account, `outOfOrder` if the id is the account's already.
  @discardableResult
  package func link(system: String, id: String, to account: AccountKey, at: Instant) async throws -> Int {
    try await relink(at: at) { db, links, _ in
      guard try Bool.fetchOne(db, sql: "SELECT 1 FROM account WHERE key = ?", arguments: [account.number]) == true else {
        throw StoreError(.unknown, "There is no account \(account.number). `bellwether accounts` lists them.")
      }
      let reference = Reference(system: try Interned.key(of: system, in: .system, db), id: Self.plain(id, in: system))
      let ref = try links.ref(reference)
      if try links.standing(of: ref)?.account == account.number {
        throw StoreError(.outOfOrder, "\(system) \(id) is linked to account \(account.number) already.")
      }
      try links.set(ref, to: account.number, .hand)
      try Self.settleConflicts(of: reference, db)
      return try Int.fetchOne(db, sql: "SELECT count(*) FROM event WHERE account_ref = ?", arguments: [ref]) ?? 0
    }
  }

  /// Undoes a link by a person's word: the id stands for no account until it is linked again by hand. Gives the account it stood for.
  ///
  /// - Throws: `unknown` if the id is linked to nothing, `outOfOrder` if the account was made from it.
  @discardableResult
  package func unlink(system: String, id: String, at: Instant) async throws -> AccountKey {
    try await relink(at: at) { db, links, _ in
      let reference = Reference(system: try Interned.key(of: system, in: .system, db), id: Self.plain(id, in: system))
      let ref = try links.ref(reference)
      guard let account = try links.standing(of: ref)?.account else {
        throw StoreError(.unknown, "\(system) \(id) is linked to no account. `bellwether accounts show ID` lists what is.")
      }
      let isOwn = try Bool.fetchOne(
        db, sql: "SELECT EXISTS (SELECT 1 FROM account WHERE key = ? AND system = ? AND external_id = ?)",
        arguments: [account, reference.system, reference.id])
      guard isOwn != true else {
        throw StoreError(
          .outOfOrder,
          "\(system) \(id) is the id account \(account) was made from. To make two accounts one, link it to the other with "
            + "`bellwether accounts link \(system) \(id) ACCOUNT`.")
      }
      try links.set(ref, to: nil, .hand)
      try Self.settleConflicts(of: reference, db)
      return AccountKey(account)
    }
  }

  /// Puts what the mapping file says in force; lines whose accounts are not known yet are tried again with each page of accounts.
  package func setMappings(_ mappings: [LinkMapping], at: Instant) async throws {
    let known = try await read { db in try LinkMappings(db).stored() }
    guard Set(known) != Set(mappings) else { return }
    try await relink(at: at) { db, links, people in
      let lines = LinkMappings(db)
      try lines.replace(by: mappings)
      try lines.dropLeftOut(&links)
      try lines.settleAccounts(&links)
      try lines.settlePeople(&people, at: links.step)
    }
  }

  /// Lines of the mapping file that wait: nothing known, or more than one thing, is called so.
  package func waitingMappings() async throws -> [LinkMapping] {
    try await read { db in try LinkMappings(db).waiting() }
  }

  private func relink<Result: Sendable>(
    at: Instant, _ change: @escaping @Sendable (Database, inout AccountLinks, inout PersonLinks) throws -> Result
  ) async throws -> Result {
    try await writeRemembering { db, memory in
      var log = try LogWriter(db, at: at)
      let step = log.next
      var links = try AccountLinks(db, step: step, remembering: memory)
      var people = try PersonLinks(db, remembering: memory)
      let result = try change(db, &links, &people)
      try log.appendRelinking(links, people, made: step, before: nil)
      return result
    }
  }

  /// A domain in the form in which records are filed under it.
  private static func plain(_ id: String, in system: String) -> String {
    system == CompanyDomain.system ? CompanyDomain.normalized(id) ?? id : id
  }

  private static func settleConflicts(of reference: Reference, _ db: Database) throws {
    try db.execute(
      sql: "DELETE FROM link_conflict WHERE subject = 'account' AND system = ? AND external_id = ?",
      arguments: [reference.system, reference.id])
  }
}
