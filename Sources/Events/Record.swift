/// One thing a source told us, in canonical form.
package struct Record: Hashable, Sendable {
  package var kind: Kind
  /// The source's id; with `system` and `kind` it names the thing.
  package var id: String
  /// When the source says it happened or came to be so.
  package var at: Instant
  /// Who told us: `stripe`, `hubspot`, `import`.
  package var system: String
  /// The account as `system` names it; nil where the record names none.
  package var account: String?
  /// The person as `system` names them, or an e-mail address.
  package var person: String?
  package var fields: [String: Value]

  package init(
    kind: Kind, id: String, at: Instant, system: String, account: String? = nil, person: String? = nil, fields: [String: Value] = [:]
  ) {
    self.kind = kind
    self.id = id
    self.at = at
    self.system = system
    self.account = account
    self.person = person
    self.fields = fields
  }
}

extension Record {
  private static let envelope = ["account", "at", "feed", "id", "kind"]

  /// Reads one line of the import format: `kind id at`, `account` and `feed` where known, and the kind's own fields beside them.
  ///
  /// - Parameter system: who is telling, where the line has no `feed`.
  package init(importing json: JSON, system: String) throws(FieldError) {
    guard let members = json.object else { throw FieldError(path: "record", message: "an object expected") }
    guard let word = members["kind"]?.text, let kind = Kind(rawValue: word) else {
      throw FieldError(path: "kind", message: "one of \(Kind.allCases.map(\.rawValue).joined(separator: ", ")) expected")
    }
    guard let id = members["id"]?.scalarText, !id.isEmpty else { throw FieldError(path: "\(kind.rawValue).id", message: "an id expected") }
    guard let at = try EventSchema.FieldType.instant.decode(members["at"] ?? .null, at: "\(kind.rawValue).at")?.instant else {
      throw FieldError(path: "\(kind.rawValue).at", message: "an ISO 8601 time expected, such as 2026-01-31T08:00:00Z")
    }
    let own = JSON.object(members.filter { !Self.envelope.contains($0.key) })
    var fields = try decodeMembers(of: own, EventSchema.fields(of: kind), at: kind.rawValue)
    let person = fields.removeValue(forKey: "person")?.text
    let feed = members["feed"] ?? .null
    guard feed.isNull || feed.text != nil else { throw FieldError(path: "\(kind.rawValue).feed", message: "the name of a feed expected") }
    let account = try EventSchema.FieldType.text.decode(members["account"] ?? .null, at: "\(kind.rawValue).account")?.text
    self.init(kind: kind, id: id, at: at, system: feed.text ?? system, account: account, person: person, fields: fields)
  }

  /// The line of the import format, which `init(importing:system:)` reads back to an equal record.
  package var json: JSON {
    var members = fields.mapValues(\.json)
    members["kind"] = .text(kind.rawValue)
    members["id"] = .text(id)
    members["at"] = JSON(at)
    members["feed"] = .text(system)
    if let account { members["account"] = .text(account) }
    if let person { members["person"] = .text(person) }
    return .object(members)
  }

  /// The fields alone, as they are stored.
  package var body: JSON { .object(fields.mapValues(\.json)) }

  /// The fields of a kind read back from `body`.
  package static func fields(of kind: Kind, from body: JSON) throws(FieldError) -> [String: Value] {
    try decodeMembers(of: body, EventSchema.fields(of: kind), at: kind.rawValue)
  }
}
