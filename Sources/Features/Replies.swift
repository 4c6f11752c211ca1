package import Events

/// Whether and when a customer answered us.
extension EntityHistory {
  /// When an engagement of ours was answered: by one that names it, or by the next one from the same person; nil where it was not, or
  /// where it is the customer's own.
  package func answeredAt(_ engagement: EntityRow) -> Instant? {
    guard engagement["direction"]?.text == "outbound" else { return nil }
    let sent = engagement.timelineInstant
    return rows(.engagement, asOf: engagement.asOf).filter { other in
      guard other["direction"]?.text == "inbound", other.timelineInstant > sent else { return false }
      if other["in_reply_to"]?.text == engagement.id { return true }
      return other.current.person != nil && other.current.person == engagement.current.person
    }.map(\.timelineInstant).min()
  }

  /// When enrichment reported that a contact has another job; nil where it did not, or the contact is not linked to a person.
  func changedJobAt(_ contact: EntityRow) -> Instant? {
    guard let person = contact.current.person else { return nil }
    return rows(.enrichment, asOf: contact.asOf)
      .filter { $0["event"]?.text == "job_change" && $0.current.person == person }.map(\.timelineInstant).min()
  }

  /// When a contact left: by its own record, or by a change of job, whichever was first heard of.
  func leftAt(_ contact: EntityRow) -> Instant? { [contact.goneAt, changedJobAt(contact)].compactMap { $0 }.min() }
}
