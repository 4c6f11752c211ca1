package import Events

/// Whether and when a customer answered us.
extension EntityHistory {
  /// When an engagement of ours was answered; nil where it was not, or where it is the customer's own.
  ///
  /// A reply answers one message: the one it names, else the last one that was written to its person before it. What was written to that
  /// person earlier stays as unanswered as it was. What is not personal, mass mail say, is answered only by a reply that names it.
  package func answeredAt(_ engagement: EntityRow) -> Instant? {
    guard engagement["direction"]?.text == "outbound" else { return nil }
    let sent = engagement.timelineInstant
    let later = rows(.engagement, asOf: engagement.asOf, after: sent)
    let isPersonal = engagement.isPersonalOutreach
    let person = engagement.current.person
    let next = later.filter { $0.isPersonalOutreach && $0.current.person == person }.map(\.timelineInstant).min()
    return later.filter { reply in
      guard reply["direction"]?.text == "inbound" else { return false }
      if let named = reply["in_reply_to"]?.text, isOutbound(named, asOf: engagement.asOf) { return named == engagement.id }
      guard isPersonal, person != nil, reply.current.person == person else { return false }
      return next.map { reply.timelineInstant <= $0 } ?? true
    }.map(\.timelineInstant).min()
  }

  /// Whether a reply names something of ours; it may name what no feed brought, or an answer of the customer's own.
  private func isOutbound(_ id: String, asOf now: Instant) -> Bool {
    row(.engagement, id: id, asOf: now)?["direction"]?.text == "outbound"
  }

  /// What enrichment reported of a contact's new jobs, in order of time; none where the contact is not linked to a person.
  private func newJobs(of contact: EntityRow) -> [EntityRow] {
    guard let person = contact.current.person else { return [] }
    return rows(.enrichment, asOf: contact.asOf)
      .filter { $0["event"]?.text == "job_change" && $0.current.person == person }
      .sorted { ($0.timelineInstant, $0.id, $0.system) < ($1.timelineInstant, $1.id, $1.system) }
  }

  /// The latest of them.
  func newJob(of contact: EntityRow) -> EntityRow? { newJobs(of: contact).last }

  /// When a contact left: by its own record, or by a change of job, whichever was first heard of.
  func leftAt(_ contact: EntityRow, _ held: HeldEdits) -> Instant? {
    [contact.goneAt(held), newJobs(of: contact).first?.timelineInstant].compactMap { $0 }.min()
  }

  /// The role of the contact a row's person is; nil where the row has no person or no contact is it.
  package func role(ofPersonIn row: EntityRow) -> String? {
    guard let person = row.current.person else { return nil }
    return rows(.contact, asOf: row.asOf).first { $0.current.person == person && $0["role"] != nil }?["role"]?.text
  }
}

extension EntityRow {
  /// Something of ours that was written to one person and can be answered: no mass mail, call, meeting or note.
  var isPersonalOutreach: Bool {
    self["direction"]?.text == "outbound" && self["bulk"]?.flag != true && !["call", "meeting", "note"].contains(self["channel"]?.text)
  }
}
