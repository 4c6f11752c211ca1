import Events
import Features
import Rules

extension LogFold {
  /// Holds back features that vanish at many accounts at once, and lets those go that are used again; ops hear of either once.
  mutating func reviewFeatures(through day: Day, now: Instant) {
    guard let calendar = configuration?.calendar else { return }
    let customers = accounts.values.filter { $0.churnedOn == nil && !$0.usage.isEmpty }.map(\.usage)
    for change in portfolio.vanished.review(customers, through: day, calendar) {
      switch change {
      case .vanished(let feature):
        open(
          FeedFinding.vanishedFeature, of: feature.name,
          title: "\(feature.name) vanished at \(feature.lost) of \(feature.users) accounts within 48 hours: was its event renamed?",
          facts: ["last used there on \(feature.lastDay), while these accounts go on to use other things"],
          play: "See whether the product still sends \(feature.name), and under which name; describe the new one in config/features.yaml. "
            + "Until it is used again, rules leave it out. If it is real, say so: bellwether feeds accept \(feature.name).",
          now: now)
      case .returned(let feature):
        close(
          FeedFinding.vanishedFeature, of: feature.name, reason: OutageDetector.Ending.recovered.rawValue,
          title: "\(feature.name) is used again", now: now)
      }
    }
  }

  /// Lets a feature count for what it looks like, since a person says so; false if it is not held back.
  mutating func acceptVanishing(of name: String, now: Instant) -> Bool {
    guard portfolio.vanished.accept(name) != nil else { return false }
    close(
      FeedFinding.vanishedFeature, of: name, reason: OutageDetector.Ending.accepted.rawValue,
      title: "that \(name) vanished is accepted as real", now: now)
    return true
  }
}

extension ProductCatalog {
  /// The catalogue as rules see it while features are held back: they count for nothing.
  func without(_ held: [VanishedFeatures.Feature]) -> ProductCatalog {
    guard !held.isEmpty else { return self }
    var features = features
    for feature in held { features[feature.name] = ProductFeature(meaning: .ignore) }
    return ProductCatalog(features: features, plans: plans, tiers: tiers, topics: topics)
  }
}
