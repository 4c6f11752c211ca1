package import Engine
package import Events

/// A place that alerts are posted to, as `config/sinks.yaml` describes it.
package struct Sink: Hashable, Sendable {
  package var name: String
  /// The address posted to; its path is treated as a secret in errors and logs.
  package var url: String
  /// Names of the signing keys, the newest first; several while one is being replaced.
  package var secrets: [String]
  package var isEnabled: Bool
  /// Whether the address may be private or loopback.
  package var allowsPrivate: Bool
  /// Whether people's names are shown; otherwise their roles.
  package var showsPeople: Bool
  /// For one attempt, connecting included.
  package var timeout: Span
  /// What interrupts; graver than `low`.
  package var minimumLevel: Alert.Level

  package static let defaultTimeout = Span.seconds(15)
  package static let timeoutBounds = Span.seconds(1)...Span.minutes(2)
  /// `context` and `low` never alert alone.
  package static let lowestLevel = Alert.Level.medium

  package init(
    name: String, url: String, secrets: [String], isEnabled: Bool = true, allowsPrivate: Bool = false, showsPeople: Bool = false,
    timeout: Span = Self.defaultTimeout, minimumLevel: Alert.Level = Self.lowestLevel
  ) {
    self.name = name
    self.url = url
    self.secrets = secrets
    self.isEnabled = isEnabled
    self.allowsPrivate = allowsPrivate
    self.showsPeople = showsPeople
    self.timeout = timeout
    self.minimumLevel = max(minimumLevel, Self.lowestLevel)
  }
}

/// Which alerts go to which sinks.
package struct Route: Hashable, Sendable {
  /// Empty for all that is about customers.
  package var abouts: [Alert.About]
  package var minimumLevel: Alert.Level
  package var sinks: [String]

  package init(abouts: [Alert.About] = [], minimumLevel: Alert.Level = Sink.lowestLevel, sinks: [String]) {
    self.abouts = abouts
    self.minimumLevel = minimumLevel
    self.sinks = sinks
  }

  /// Alerts for ops go only where they are named, never where customers are talked about.
  func concerns(_ alert: Alert) -> Bool { abouts.isEmpty ? alert.about != .ops : abouts.contains(alert.about) }
}

/// The sinks and routes in force.
package struct SinkCatalog: Hashable, Sendable {
  package var sinks: [Sink]
  package var routes: [Route]

  package init(sinks: [Sink] = [], routes: [Route] = []) {
    self.sinks = sinks
    self.routes = routes
  }

  /// One sink that takes every alert from its minimum level on.
  package init(single sink: Sink) { self.init(sinks: [sink], routes: [Route(minimumLevel: .context, sinks: [sink.name])]) }

  package subscript(name: String) -> Sink? { sinks.first { $0.name == name } }

  /// What each enabled sink hears of one account's pending alerts, in the order of the file; sinks that hear nothing are left out.
  ///
  /// A sink hears of an account when at least one alert reaches its level; the lesser ones that its routes concern then come along.
  ///
  /// - Returns: the places in `alerts` of what is heard, rising; names are not hidden yet.
  package func parcels(of alerts: [Alert]) -> [(sink: Sink, heard: [Int])] {
    sinks.filter(\.isEnabled).compactMap { sink in
      let routes = routes.filter { $0.sinks.contains(sink.name) }
      let interrupts = alerts.contains { alert in
        alert.level >= sink.minimumLevel && routes.contains { $0.concerns(alert) && alert.level >= $0.minimumLevel }
      }
      guard interrupts else { return nil }
      return (sink, alerts.indices.filter { index in routes.contains { $0.concerns(alerts[index]) } })
    }
  }
}
