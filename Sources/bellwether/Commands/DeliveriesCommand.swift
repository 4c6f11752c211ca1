import ArgumentParser
import Delivery
import Events
import Store

/// `bellwether deliveries`
struct DeliveriesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "deliveries", abstract: "What was posted, what waits for another try, and what nobody took.")

  @Flag(help: "Only those that were given up.") var dead = false
  @Flag(help: "Only those that wait for another try.") var pending = false
  @Option(help: ArgumentHelp("At most so many rows.", valueName: "n")) var limit = 50
  @OptionGroup var shared: SharedOptions

  func run() async throws {
    let store = try EventStore(path: shared.store, access: .readOnly)
    let state: DeliveryState? = dead ? .dead : pending ? .pending : nil
    let deliveries = try await store.deliveries(state, limit: max(1, limit))
    if shared.json {
      StandardOutput.print(JSON.list(deliveries.map(\.json)).serialized())
      return
    }
    guard !deliveries.isEmpty else {
      StandardOutput.print(dead ? "No delivery was given up." : pending ? "No delivery waits." : "Nothing was posted yet.")
      return
    }
    var table = TextTable([
      ("CREATED", .left), ("STATE", .left), ("SINK", .left), ("TRIES", .right), ("ID", .left), ("WHAT", .left), ("LAST ERROR", .left),
    ])
    for stored in deliveries {
      table.add([
        stored.delivery.createdAt.iso8601, stored.state.rawValue, stored.delivery.sink, String(stored.attempts), stored.delivery.id,
        (try? Envelope(parsing: stored.delivery.body))?.headline ?? "–", stored.state == .delivered ? "–" : stored.lastError ?? "–",
      ])
    }
    StandardOutput.print(table.rendered())
  }
}

extension StoredDelivery {
  fileprivate var json: JSON {
    [
      "id": .text(delivery.id), "sink": .text(delivery.sink), "account": JSON(delivery.account.number), "state": .text(state.rawValue),
      "created_at": JSON(delivery.createdAt), "attempts": JSON(attempts), "next_attempt_at": JSON(nextAttemptAt),
      "last_attempt_at": JSON(lastAttemptAt), "last_status": lastStatus.map { JSON($0) } ?? .null, "last_error": JSON(lastError),
    ]
  }
}
