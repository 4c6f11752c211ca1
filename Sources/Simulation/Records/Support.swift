import Events

/// A support ticket with its versions; times are whole seconds, as Zendesk's are.
struct Ticket {
  struct Version {
    let at: Int64
    /// `new open solved closed`.
    let status: String
    let reopens: Int
    let solvedAt: Int64?
    let csat: String
  }

  let id: Int64
  let plan: PlannedTicket
  let requester: Int64
  let organization: Int64
  var versions: [Version]

  var tags: [String] { (plan.isEscalated ? ["escalated"] : []) + ["topic_\(plan.topic)"] }
}

extension Ticket {
  /// How long after its solution a ticket is closed for good.
  private static let closesAfter: Int64 = 28 * 86_400

  static func tickets(of script: Script) -> [Ticket] {
    let plans = script.tickets.sorted { $0.openedAt < $1.openedAt }
    return plans.enumerated().map { number, plan in
      Ticket(
        id: Int64(script.identity.index + 1) * 10_000 + Int64(number), plan: plan, requester: script.people[plan.person].zendesk,
        organization: script.identity.zendesk, versions: history(plan))
    }
  }

  private static func history(_ plan: PlannedTicket) -> [Version] {
    let opened = plan.openedAt.seconds
    let solved = plan.solvedAt.seconds
    let isRated = plan.csat != nil
    var versions = [
      Version(at: opened, status: "new", reopens: 0, solvedAt: nil, csat: "unoffered"),
      Version(at: opened + min(2400, (solved - opened) / 2), status: "open", reopens: 0, solvedAt: nil, csat: "unoffered"),
      Version(at: solved, status: "solved", reopens: 0, solvedAt: solved, csat: isRated ? "offered" : "unoffered"),
    ]
    if let reopened = plan.reopenedAt?.seconds {
      versions.append(Version(at: reopened, status: "open", reopens: 1, solvedAt: solved, csat: "unoffered"))
      return versions
    }
    if let csat = plan.csat {
      versions.append(Version(at: solved + 5 * 3600, status: "solved", reopens: 0, solvedAt: solved, csat: csat))
    }
    versions.append(
      Version(at: solved + closesAfter, status: "closed", reopens: 0, solvedAt: solved, csat: plan.csat ?? "unoffered"))
    return versions
  }
}
