import Delivery
import Engine
import Events
import Foundation
import Simulation
import Synchronization

/// What the demo shows while the year passes: each alert as a CS person would read it, and how far time has come.
final class DemoScreen: Sendable {
  private let start: Instant
  private let end: Instant
  private let isQuiet: Bool
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let state = Mutex((alerts: 0, lastMonth: 0, hasLine: false))

  init(world: SimulatedWorld, isQuiet: Bool) {
    start = world.start
    end = world.end
    self.isQuiet = isQuiet
  }

  func begin(_ storePath: String) {
    StandardError.print("A simulated year begins; alerts appear as they arrive. The store stays at \(storePath).")
  }

  func show(_ envelope: Envelope) {
    state.withLock { $0.alerts += 1 }
    guard !isQuiet else { return }
    clearLine()
    let day = envelope.alerts.first?.day ?? CompanyCalendar.utc.day(of: envelope.time)
    StandardOutput.print("── \(day) \(String(repeating: "─", count: 86))\n" + AlertText().text(for: envelope))
  }

  /// A line that stays in place on a terminal; a line a month elsewhere.
  func progress(_ now: Instant) {
    let day = CompanyCalendar.utc.day(of: now)
    let share = Int((now - start).microseconds * 100 / max(1, (end - start).microseconds))
    let (alerts, isNewMonth) = state.withLock { state in
      let month = day.civil.month
      defer { state.lastMonth = month }
      return (state.alerts, month != state.lastMonth)
    }
    let line = "\(day)  \(share)%  \(alerts) webhooks"
    if isTerminal {
      FileHandle.standardError.write(Data(("\r\u{1B}[2K" + line).utf8))
      state.withLock { $0.hasLine = true }
    } else if isNewMonth {
      StandardError.print(line)
    }
  }

  func finish() { clearLine() }

  private func clearLine() {
    let hasLine = state.withLock { state in
      defer { state.hasLine = false }
      return state.hasLine
    }
    if hasLine { FileHandle.standardError.write(Data("\r\u{1B}[2K".utf8)) }
  }
}
