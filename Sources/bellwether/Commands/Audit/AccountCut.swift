import ArgumentParser
import Engine
import Events
import Features

/// A field of the account record by which totals are cut.
enum AccountCut: String, CaseIterable, ExpressibleByArgument {
  case segment, industry, region, channel, owner

  /// Where nobody wrote it down.
  static let none = "–"

  func value(of state: AccountState, asOf now: Instant) -> String {
    let account = state.entities.rows(.account, asOf: now).first
    let value = self == .owner ? account?["owner"]?["name"] : account?[rawValue]
    return value?.text.flatMap { $0.isEmpty ? nil : $0 } ?? Self.none
  }
}
