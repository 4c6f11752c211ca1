import Events
import Foundation
import Simulation
import Testing

/// The shipped example configuration describes the simulated company.
@Suite struct ConfigurationTests {
  private func lines(_ name: String) throws -> [String] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: root.appending(path: "config/\(name)"), encoding: .utf8)
    return text.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
  }

  @Test func featuresAgree() throws {
    let expected = ProductEvent.allCases.map {
      "  \($0.rawValue): { meaning: \($0.meaning), tier: \($0.tier.rawValue), product_line: \($0.productLine) }"
    }
    let found = try lines("features.yaml").filter { $0.contains("meaning:") }.map { $0.replacing(", first_value: true", with: "") }
    #expect(found.sorted() == expected.sorted())
  }

  @Test func plansAgree() throws {
    let text = try lines("plans.yaml")
    #expect(text.contains("tiers: [\(Tier.allCases.map(\.rawValue).joined(separator: ", "))]"))
    let names = text.filter { $0.hasPrefix("  ") && $0.hasSuffix(":") }.map { $0.dropFirst(2).dropLast() }
    #expect(names.map(String.init) == Plan.all.map(\.name) + [MeteredPrice.name])
    for plan in Plan.all {
      let start = try #require(text.firstIndex(of: "  \(plan.name):"))
      let entry = text[(start + 1)...].prefix { $0.hasPrefix("    ") }.joined(separator: " ")
      #expect(entry.contains("tier: \(plan.tier.rawValue),"))
      for event in ProductEvent.allCases where event.meaning == "feature" {
        let isPremium = plan.tier > .starter && event.tier == plan.tier
        #expect(entry.contains(event.rawValue) == isPremium, "\(plan.name) \(event.rawValue)")
      }
    }
  }

  @Test func theCalendarAgrees() throws {
    let text = try lines("calendar.yaml")
    #expect(text.contains("time_zone: \(SimulatedCalendar.timeZone)"))
    let days = text.filter { $0.hasPrefix("  - ") }.compactMap { Day(String($0.dropFirst(5).prefix(10))) }
    #expect(days == SimulatedCalendar.holidays)
    #expect(days.count == 48)
  }
}
