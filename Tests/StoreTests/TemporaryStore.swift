import Events
import Foundation
import Store

/// A folder of its own for one test's store, removed when the test lets go of it.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("store-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var store: String { path + "/bellwether.db" }

  func open(_ access: EventStore.Access = .exclusive, migrations: [Migration] = Migration.all) throws -> EventStore {
    try EventStore(path: store, access: access, migrations: migrations)
  }
}

/// Day n of the tests' history, at noon.
func day(_ n: Int64, hour: Int64 = 12) -> Instant { Instant(seconds: 1_767_225_600 + n * 86_400 + hour * 3_600) }

func account(_ id: String, _ name: String, external: [String: String] = [:], at: Instant = day(0), system: String = "crm") -> Record {
  var fields: [String: Value] = ["name": .text(name)]
  if !external.isEmpty { fields["external"] = .object(external.mapValues(Value.text)) }
  return Record(kind: .account, id: id, at: at, system: system, fields: fields)
}

func usage(
  _ id: String, of account: String?, by person: String? = nil, _ name: String = "export", at: Instant = day(1), system: String = "app"
) -> Record {
  Record(
    kind: .usage, id: id, at: at, system: system, account: account, person: person,
    fields: ["name": .text(name), "quantity": .number(Fixed(1))])
}

func seats(_ count: Int, at: Instant, id: String = "sub", account: String = "cus") -> Record {
  Record(
    kind: .subscription, id: id, at: at, system: "billing", account: account,
    fields: [
      "status": .text("active"), "items": .list([.object(["id": .text("si"), "quantity": .number(Fixed(count))])]),
    ])
}

func page(_ stream: String, _ records: [Record], cursor: JSON? = nil, through: Instant? = nil, at: Instant = day(2)) -> Page {
  Page(
    stream: stream, system: String(stream.prefix { $0 != "." }), records: records, cursor: cursor, kinds: [.usage],
    knownFrom: through == nil ? nil : day(0), completeThrough: through, observedAt: at)
}
