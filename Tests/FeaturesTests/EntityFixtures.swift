import Events
import Features

/// Noon, UTC, this many days after 1 January 2026.
func noon(_ day: Int64) -> Instant { Instant(seconds: 1_767_268_800) + .days(day) }

extension EntityHistory {
  /// One thing's versions, each at noon of its day.
  mutating func add(_ kind: Kind, _ id: String, system: String = "crm", _ versions: [(day: Int64, fields: [String: Value])]) {
    for version in versions {
      let record = Record(kind: kind, id: id, at: noon(version.day), system: system, fields: version.fields)
      add(record, person: nil, observedAt: noon(version.day))
    }
  }
}
