package import Metrics
internal import Synchronization

/// Keeps the process's metrics and writes them in Prometheus's text format, version 0.0.4.
///
/// Counters end in `_total`; recorders and timers are shown as `_sum` and `_count`, timers in seconds.
package final class PrometheusRegistry: MetricsFactory {
  private let samples = Mutex<[SampleKey: Sample]>([:])

  package init() {}

  package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    handler(label, dimensions, .counter)
  }

  package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
    handler(label, dimensions, aggregate ? .summary : .gauge)
  }

  package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    handler(label, dimensions, .timer)
  }

  package func destroyCounter(_ handler: any CounterHandler) {}
  package func destroyRecorder(_ handler: any RecorderHandler) {}
  package func destroyTimer(_ handler: any TimerHandler) {}

  /// All samples, by name and labels.
  package func exposition() -> String {
    let sorted = samples.withLock { $0 }.sorted { $0.key < $1.key }
    var text = ""
    var lastName: String?
    for (key, sample) in sorted {
      if key.name != lastName {
        text += "# TYPE \(key.name) \(sample.kind.exposed)\n"
        lastName = key.name
      }
      text += sample.lines(key)
    }
    return text
  }

  private func handler(_ label: String, _ dimensions: [(String, String)], _ kind: Sample.Kind) -> SampleHandler {
    SampleHandler(key: SampleKey(label: label, dimensions: dimensions), kind: kind, registry: self)
  }

  fileprivate func update(_ key: SampleKey, _ kind: Sample.Kind, _ change: @Sendable (inout Sample) -> Void) {
    samples.withLock { change(&$0[key, default: Sample(kind: kind)]) }
  }
}

private struct SampleKey: Hashable, Comparable, Sendable {
  let name: String
  let labels: String

  init(label: String, dimensions: [(String, String)]) {
    name = String(label.map { $0.isLetter || $0.isNumber ? $0 : "_" })
    let pairs = dimensions.sorted { $0.0 < $1.0 }.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }
    labels = pairs.isEmpty ? "" : "{" + pairs.joined(separator: ",") + "}"
  }

  private static func escaped(_ value: String) -> String {
    value.reduce(into: "") { text, character in
      switch character {
      case "\\": text += "\\\\"
      case "\"": text += "\\\""
      case "\n": text += "\\n"
      default: text.append(character)
      }
    }
  }

  static func < (a: SampleKey, b: SampleKey) -> Bool { (a.name, a.labels) < (b.name, b.labels) }
}

private struct Sample: Sendable {
  enum Kind: Sendable {
    case counter, gauge, summary, timer

    var exposed: String {
      switch self {
      case .counter: "counter"
      case .gauge: "gauge"
      case .summary, .timer: "summary"
      }
    }
  }

  let kind: Kind
  var value: Double = 0
  var count: Int64 = 0

  func lines(_ key: SampleKey) -> String {
    switch kind {
    case .counter, .gauge: "\(key.name)\(key.labels) \(Self.number(value))\n"
    case .summary, .timer: "\(key.name)_sum\(key.labels) \(Self.number(value))\n\(key.name)_count\(key.labels) \(count)\n"
    }
  }

  private static func number(_ value: Double) -> String { value == value.rounded() ? "\(Int64(value))" : "\(value)" }
}

private final class SampleHandler: CounterHandler, RecorderHandler, TimerHandler {
  private let key: SampleKey
  private let kind: Sample.Kind
  private let registry: PrometheusRegistry

  init(key: SampleKey, kind: Sample.Kind, registry: PrometheusRegistry) {
    self.key = key
    self.kind = kind
    self.registry = registry
    registry.update(key, kind) { _ in }
  }

  func increment(by amount: Int64) { registry.update(key, kind) { $0.value += Double(amount) } }
  func reset() { registry.update(key, kind) { $0.value = 0 } }
  func record(_ value: Int64) { record(Double(value)) }

  func record(_ value: Double) {
    let isGauge = kind.exposed == "gauge"
    registry.update(key, kind) { sample in
      sample.value = isGauge ? value : sample.value + value
      sample.count += 1
    }
  }

  func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
}
