import ConfigFiles
import Engine
import Events
import Features
import Rules
import Store

/// Compiles the configurations a store's log names, from the texts it keeps of them.
enum StoredConfigurations {
  struct Unreadable: Error {
    let what: String
  }

  static func source(of store: EventStore) async throws -> LogFold.ConfigurationSource {
    var compiled: [String: CompiledConfiguration] = [:]
    for stored in try await store.configurations() { compiled[stored.digest] = try compile(stored) }
    return { [compiled] digest in
      guard let configuration = compiled[digest] else { throw Unreadable(what: digest) }
      return configuration
    }
  }

  private static func compile(_ stored: StoredConfiguration) throws -> CompiledConfiguration {
    let texts = try JSON(parsing: stored.content)["files"].object ?? [:]
    let files = texts.sorted { $0.key < $1.key }.map { SourceFile(path: $0.key, text: $0.value.text ?? "") }
    var diagnostics = Diagnostics()
    guard let rules = CompiledRules.load(files: files.filter { $0.path.hasPrefix("rules/") }, diagnostics: &diagnostics) else {
      throw Unreadable(what: diagnostics.rendered())
    }
    let section = { (name: String) -> Node? in
      files.first { $0.path == name + ".yaml" }.flatMap { parse($0, into: &diagnostics) }
    }
    let meanings = section("features")?["features"]?.entries?.map { ($0.name, $0.value["meaning"]?.text.flatMap(UsageMeaning.init)) }
    let plans = section("plans")?["plans"]?.entries?.map { ($0.name, plan($0)) }
    let calendar = section("calendar")
    let holidays = calendar?["holidays"]?.elements?.compactMap { $0.text.flatMap(Day.init) }
    guard let zone = calendar?["time_zone"]?.text, let days = CompanyCalendar(timeZone: zone, holidays: holidays ?? []) else {
      throw Unreadable(what: "calendar.yaml")
    }
    let catalog = ProductCatalog(
      meanings: Dictionary(meanings ?? []) { $1 }.compactMapValues(\.self), plans: Dictionary(plans ?? []) { $1 })
    return CompiledConfiguration(digest: stored.digest, rules: rules, catalog: catalog, calendar: days)
  }

  private static func plan(_ entry: Node.Entry) -> Plan {
    Plan(
      id: entry.name, tier: entry.value["tier"]?.text ?? "", productLine: entry.value["product_line"]?.text ?? "",
      countsSeats: entry.value["seats"]?.text != "none", isElastic: entry.value["elastic"]?.text == "true",
      premiumFeatures: entry.value["premium_features"]?.elements?.compactMap(\.text) ?? [])
  }
}
