package import Events

/// Notices when contacts of a CRM are edited in bulk: people do not leave by the dozen on one day, so somebody cleaned up.
///
/// Where more than one in twenty of a system's contacts, and at least twenty, were marked as left or moved to another company or mail domain
/// on one day of the source's time, what that day's versions say of anybody's departure is held: it counts for nothing, until a person says
/// that it is real. A contact who is there again and leaves on another day counts as ever.
package struct BulkEdits: Hashable, Sendable {
  package static let leastContacts = 20
  /// More than one in so many of the system's contacts.
  package static let oneIn = 20
  /// Forgotten after so long: no rule looks back as far.
  package static let horizon = 800

  /// A day whose edits are held.
  package struct Edit: Hashable, Sendable {
    package let system: String
    package let day: Day
    /// Contacts edited by the time it was noticed, and all that the system had told of.
    package let edited: Int
    package let contacts: Int
    /// A person says that it is real.
    package fileprivate(set) var isAccepted = false

    /// As people name it: `hubspot.contacts.2026-03-04`.
    package var name: String { "\(system).contacts.\(day)" }
  }

  private var edits: [Edit] = []

  package init() {}

  package var held: [Edit] { edits.filter { !$0.isAccepted } }

  /// Looks at a day of which more edits have come; gives what is held from now on.
  package mutating func review(_ system: String, _ day: Day, edited: Int, contacts: Int) -> Edit? {
    guard edited >= Self.leastContacts, edited * Self.oneIn > contacts else { return nil }
    let place = edits.firstIndex { ($0.system, $0.day) >= (system, day) } ?? edits.endIndex
    if place < edits.endIndex, edits[place].system == system, edits[place].day == day { return nil }
    let edit = Edit(system: system, day: day, edited: edited, contacts: contacts)
    edits.insert(edit, at: place)
    edits.removeAll { day - $0.day > Self.horizon }
    return edit
  }

  /// Takes a day's edits for real; gives them, nil if nothing of that name is held.
  package mutating func accept(_ name: String) -> Edit? {
    guard let place = edits.firstIndex(where: { $0.name == name && !$0.isAccepted }) else { return nil }
    edits[place].isAccepted = true
    return edits[place]
  }
}

/// The instants at which a system's word of departures counts for nothing.
package struct HeldEdits: Hashable, Sendable {
  package static let none = HeldEdits([], .utc)

  private let spans: [String: [Range<Instant>]]

  package init(_ edits: [BulkEdits.Edit], _ calendar: CompanyCalendar) {
    spans = Dictionary(grouping: edits, by: \.system).mapValues { $0.map { calendar.start(of: $0.day)..<calendar.start(of: $0.day + 1) } }
  }

  func holds(_ system: String, _ instant: Instant) -> Bool { spans[system]?.contains { $0.contains(instant) } ?? false }
}

extension EntityTimeline {
  /// The days on which a contact's versions said of a departure, or of a return, what those before had not.
  package func presenceEdits(_ calendar: CompanyCalendar) -> Set<Day> {
    Set(zip(versions, versions.dropFirst()).filter { $0.precedesPresenceEdit($1) }.map { calendar.day(of: $0.1.at) })
  }
}

extension EntityVersion {
  /// Whether the next version tells otherwise where the contact is. What only one of the two says is no edit: feeds tell of parts.
  fileprivate func precedesPresenceEdit(_ next: EntityVersion) -> Bool {
    let differs = { (a: String?, b: String?) in a != nil && b != nil && a != b }
    return (fields["status"]?.text == "left") != (next.fields["status"]?.text == "left")
      || differs(emailDomain, next.emailDomain) || differs(fields["company"]?.text, next.fields["company"]?.text)
  }
}

extension BulkEdits {
  package var json: JSON {
    .list(
      edits.map { edit in
        [
          "system": .text(edit.system), "day": JSON(edit.day), "edited": JSON(edit.edited), "contacts": JSON(edit.contacts),
          "accepted": .flag(edit.isAccepted),
        ]
      })
  }

  /// Nil if the text was not written by `json`; none where nothing was written.
  package init?(json: JSON) {
    for element in json.list ?? [] {
      guard let system = element["system"].text, let day = element["day"].text.flatMap({ Day($0) }), let edited = element["edited"].integer,
        let contacts = element["contacts"].integer, let isAccepted = element["accepted"].flag
      else { return nil }
      edits.append(Edit(system: system, day: day, edited: Int(edited), contacts: Int(contacts), isAccepted: isAccepted))
    }
  }
}
