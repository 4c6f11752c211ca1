import ArgumentParser
import Events
import Store

extension AccountsCommand {
  /// `bellwether accounts show`
  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "show", abstract: "One account: its ids and who says so, parent and children, people, records.")

    @Argument(help: "The account's number, name, or id in any system.") var id: String
    @OptionGroup var shared: SharedOptions

    func run() async throws {
      let store = try EventStore(path: shared.store, access: .readOnly)
      let account = try await store.theAccount(id)
      let directory = try await AccountDirectory(store)
      let contacts = try await store.events(of: account.key, kind: .contact)
      let people = try await store.people(contacts.compactMap(\.person))
      let page = AccountRecordPage(
        account: account, directory: directory, people: people, roles: Self.roles(contacts),
        records: try await store.recordCounts(of: account.key), calendar: shared.calendar)
      StandardOutput.print(shared.json ? page.json.serialized() : page.text)
    }

    /// Each contact's role as last told.
    private static func roles(_ contacts: [StoredEvent]) -> [PersonKey: String] {
      var roles: [PersonKey: String] = [:]
      for contact in contacts {
        if let person = contact.person, let role = contact.record.fields["role"]?.text { roles[person] = role }
      }
      return roles
    }
  }
}

/// What `bellwether accounts show` prints.
private struct AccountRecordPage {
  let account: StoredAccount
  let directory: AccountDirectory
  let people: [StoredPerson]
  let roles: [PersonKey: String]
  let records: [AccountRecords]
  let calendar: CompanyCalendar

  var text: String {
    var parts = [header]
    var ids = TextTable([("SYSTEM", .left), ("ID", .left), ("SAID BY", .left), ("SURE", .right), ("SINCE (\(calendar.timeZone))", .left)])
    for id in account.references { ids.add([id.system, id.id, id.provenance, "\(id.confidence)%", calendar.text(of: id.since)]) }
    parts.append(ids.isEmpty ? "No id stands for it any more." : ids.rendered())
    if !people.isEmpty {
      var table = TextTable([("PERSON", .right), ("NAME", .left), ("ADDRESS", .left), ("ROLE", .left), ("IDS", .left)])
      for person in people {
        table.add([
          String(person.key.number), person.name ?? "–", person.email ?? "–", roles[person.key] ?? "–",
          person.references.filter { $0.system != "email" }.map { "\($0.system) \($0.id)" }.joined(separator: ", "),
        ])
      }
      parts.append(table.rendered())
    }
    if !records.isEmpty {
      var table = TextTable([
        ("KIND", .left), ("SYSTEM", .left), ("RECORDS", .right), ("FIRST (\(calendar.timeZone))", .left), ("LAST", .left),
      ])
      for row in records {
        table.add([row.kind.rawValue, row.system, String(row.count), calendar.text(of: row.first), calendar.text(of: row.last)])
      }
      parts.append(table.rendered())
    }
    return parts.joined(separator: "\n\n")
  }

  private var header: String {
    let outline = directory.outlines[account.key]
    var lines = [account.title]
    if let parentID = outline?.parentID {
      lines.append("Parent: \(directory.parent(of: account.key)?.title ?? "\(parentID), which no account is called")")
    }
    let children = directory.children(of: account.key)
    if !children.isEmpty { lines.append("Children: \(children.map(\.title).joined(separator: ", "))") }
    return lines.joined(separator: "\n")
  }

  var json: JSON {
    [
      "account": directory.json(account),
      "people": .list(
        people.map { person in
          [
            "person": JSON(person.key.number), "name": JSON(person.name), "email": JSON(person.email), "role": JSON(roles[person.key]),
            "ids": .list(person.references.map { ["system": .text($0.system), "id": .text($0.id)] }),
          ]
        }),
      "records": .list(
        records.map {
          [
            "kind": .text($0.kind.rawValue), "system": .text($0.system), "count": JSON($0.count), "first": JSON($0.first),
            "last": JSON($0.last),
          ]
        }),
    ]
  }
}
