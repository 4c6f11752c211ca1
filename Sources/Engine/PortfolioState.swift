package import Events
package import Features
package import Rules

/// What the engine remembers beside the accounts.
package struct PortfolioState: Sendable {
  /// The last step folded.
  package internal(set) var position: Int64 = 0
  /// Business time of the last step; nil before the first.
  package internal(set) var now: Instant?
  package internal(set) var known = KnownRanges() { didSet { revision &+= 1 } }
  /// What was worked out of whole cohorts.
  package internal(set) var cohort = CohortTable() { didSet { revision &+= 1 } }
  /// Features that many accounts lost at once, and that count for nothing just now.
  package internal(set) var vanished = VanishedFeatures() { didSet { revision &+= 1 } }
  /// Days on which a CRM's contacts were edited in bulk.
  package internal(set) var bulkEdits = BulkEdits() { didSet { revision &+= 1 } }
  /// What is suspected of the sources of usage.
  var outages = OutageDetector()
  /// Findings on feeds and cuts that ever were, by rule and subject.
  var companyFindings: [CompanyFinding] = []
  /// The configuration in force.
  package internal(set) var digest: String?

  /// Counts the changes of what rules know of the company; not stored.
  private(set) var revision = 0

  package init() {}

  /// The systems whose usage is held because they fell silent, sorted.
  package var suspectedSystems: [String] { outages.suspected }

  /// The features held back because many accounts lost them at once, sorted.
  package var heldFeatures: [String] { vanished.held.map(\.name) }

  /// The bulk edits of contacts that are held, by name.
  package var heldBulkEdits: [String] { bulkEdits.held.map(\.name) }
}

extension PortfolioState {
  package var json: JSON {
    [
      "position": JSON(position), "now": JSON(now), "known": known.json, "cohort": cohort.json,
      "digest": JSON(digest), "outages": outages.json, "company_findings": .list(companyFindings.map(\.json)),
      "vanished_features": vanished.json,
      "bulk_edits": bulkEdits.json,
    ]
  }

  /// Nil if the text was not written by `json`.
  package init?(json: JSON) {
    guard let position = json["position"].integer, let known = KnownRanges(json: json["known"]),
      let cohort = CohortTable(json: json["cohort"])
    else {
      return nil
    }
    self.position = position
    self.known = known
    now = json["now"].text.flatMap(Instant.init(iso8601:))
    digest = json["digest"].text
    guard let outages = OutageDetector(json: json["outages"].isNull ? [:] : json["outages"]) else { return nil }
    self.outages = outages
    guard let vanished = VanishedFeatures(json: json["vanished_features"]) else { return nil }
    self.vanished = vanished
    guard let bulkEdits = BulkEdits(json: json["bulk_edits"]) else { return nil }
    self.bulkEdits = bulkEdits
    self.known.hold(.usage, from: outages.heldFrom)
    companyFindings = (json["company_findings"].list ?? []).compactMap(CompanyFinding.init)
    guard companyFindings.count == json["company_findings"].list?.count ?? 0 else { return nil }
    self.cohort = cohort
  }
}
