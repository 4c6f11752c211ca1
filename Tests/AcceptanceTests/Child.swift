import Foundation
import Synchronization
import Testing

/// How a process ended.
enum Exit: Equatable {
  case status(Int32)
  case signal(Int32)
}

/// The built binary as a process of its own, its output in files. It does not outlive this object.
final class Child: Sendable {
  let output: URL
  let errors: URL
  private let process = Process()
  private let exit: Promise<Exit>
  private let isLate = Mutex(false)

  /// - Parameter environment: all of it; nothing is inherited but where to find programs.
  init(_ arguments: [String], environment: [String: String] = [:], in folder: TemporaryFolder) throws {
    let name = UUID().uuidString
    output = folder.url.appending(path: name + ".out")
    errors = folder.url.appending(path: name + ".err")
    try Data().write(to: output)
    try Data().write(to: errors)
    let exit = Promise<Exit>()
    self.exit = exit
    process.executableURL = Repository.binary
    process.arguments = arguments
    process.environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"].merging(environment) { $1 }
    process.currentDirectoryURL = folder.url
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    // Waiting in place would hold one of the few threads that all tests share.
    process.terminationHandler = { process in
      exit.fulfil(process.terminationReason == .uncaughtSignal ? .signal(process.terminationStatus) : .status(process.terminationStatus))
    }
    try process.run()
  }

  deinit { send(SIGKILL) }

  /// Signals it, if it still runs.
  func send(_ signal: Int32) {
    if process.isRunning { kill(process.processIdentifier, signal) }
  }

  var isRunning: Bool { process.isRunning }

  /// Waits for its end; past the limit it is killed, and that is an issue.
  func ended(within limit: Duration = .seconds(180), _ location: SourceLocation = #_sourceLocation) async -> Exit {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [self] in
        do { try await Task.sleep(for: limit) } catch { return }
        isLate.withLock { $0 = true }
        send(SIGKILL)
      }
      _ = await exit.value()
      group.cancelAll()
    }
    if isLate.withLock({ $0 }) {
      Issue.record("It had not ended after \(limit). Its last words:\n\(errorText.suffix(2_000))", sourceLocation: location)
    }
    return await exit.value()
  }

  var outputText: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }
  var errorText: String { (try? String(contentsOf: errors, encoding: .utf8)) ?? "" }

  /// Waits until its log matches; nil, and an issue, if it does not within the limit or the process ends first.
  func logged<Match>(
    _ pattern: Regex<Match>, within limit: Duration = .seconds(180), _ location: SourceLocation = #_sourceLocation
  ) async throws -> Match? {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
      if let match = errorText.firstMatch(of: pattern) { return match.output }
      guard process.isRunning else { break }
      try await Task.sleep(for: .milliseconds(20))
    }
    Issue.record("Its log never came to what was waited for:\n\(errorText.suffix(2_000))", sourceLocation: location)
    return nil
  }
}

/// What a command answered.
struct Answer {
  let exit: Exit
  let output: String
  let errors: String

  var lines: [Substring] { output.split(separator: "\n") }
}

extension TemporaryFolder {
  /// Runs the binary to its end.
  func bellwether(
    _ arguments: String..., environment: [String: String] = [:], _ location: SourceLocation = #_sourceLocation
  ) async throws -> Answer {
    let child = try Child(arguments, environment: environment, in: self)
    let exit = await child.ended(within: .seconds(120), location)
    return Answer(exit: exit, output: child.outputText, errors: child.errorText)
  }
}

/// A value that becomes known once.
final class Promise<Value: Sendable>: Sendable {
  private enum State {
    case waiting([CheckedContinuation<Value, Never>])
    case known(Value)
  }

  private let state = Mutex(State.waiting([]))

  func fulfil(_ value: Value) {
    let waiters: [CheckedContinuation<Value, Never>] = state.withLock { state in
      guard case .waiting(let waiters) = state else { return [] }
      state = .known(value)
      return waiters
    }
    for waiter in waiters { waiter.resume(returning: value) }
  }

  func value() async -> Value {
    await withCheckedContinuation { continuation in
      state.withLock { state in
        switch state {
        case .waiting(let waiters): state = .waiting(waiters + [continuation])
        case .known(let value): continuation.resume(returning: value)
        }
      }
    }
  }
}
