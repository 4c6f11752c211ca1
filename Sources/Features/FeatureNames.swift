/// How people call the product's features, so that two texts can be about the same one.
package struct FeatureNames: Hashable, Sendable {
  package static let none = FeatureNames([:])

  /// By feature, its names as words in small letters between blanks: ` forecast run `.
  private let names: [(feature: String, name: String)]

  /// The names that `called` gives, else the event's own name, `forecast_run` being two words. What is ignored has none.
  package init(_ features: [String: ProductFeature]) {
    names = features.sorted { $0.key < $1.key }.flatMap { id, feature in
      (feature.meaning == .ignore ? [] : feature.called.isEmpty ? [id] : feature.called).map { (id, Self.plain($0)) }
    }.filter { $0.1.count > 2 }
  }

  /// The features that a text names, sorted.
  package func named(in text: String) -> [String] { found(in: text).map(\.feature) }

  /// Of each feature that a text names, the first name found.
  package func words(in text: String) -> [String] { found(in: text).map { $0.name.dropFirst().dropLast() }.map(String.init) }

  private func found(in text: String) -> [(feature: String, name: String)] {
    guard !names.isEmpty, !text.isEmpty else { return [] }
    let plain = Self.plain(text)
    var found: [(feature: String, name: String)] = []
    for one in names where found.last?.feature != one.feature && plain.contains(one.name) { found.append(one) }
    return found
  }

  private static func plain(_ text: String) -> String {
    " " + text.lowercased().split { !$0.isLetter && !$0.isNumber }.joined(separator: " ") + " "
  }

  package static func == (a: FeatureNames, b: FeatureNames) -> Bool { a.names.elementsEqual(b.names) { $0 == $1 } }

  package func hash(into hasher: inout Hasher) {
    for one in names {
      hasher.combine(one.feature)
      hasher.combine(one.name)
    }
  }
}
