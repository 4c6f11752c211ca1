package import Events
internal import Revenue

extension Alert {
  /// The content of a notice. Members without a value are left out; `init(json:)` reads it back to an equal alert.
  package var json: JSON {
    var members: [String: JSON] = [
      "rule": .text(rule), "title": .text(title), "level": .text(level.rawValue), "about": .text(about.rawValue),
      "transition": .text(change.rawValue), "day": JSON(day), "account": account.json,
      "finding": ["rule": .text(rule), "subject": .text(subject.description), "episode": JSON(episode)],
      "facts": .list(facts.map { ["text": .text($0.text), "records": .list($0.records.map(JSON.text))] }),
      "changed_since_last": .list(changedSinceLast.map(JSON.text)), "people_hidden": .flag(peopleHidden),
    ]
    if let owner { members["owner"] = compact(["name": .text(owner.name), "email": JSON(owner.email)]) }
    if let contactToCall { members["contact_to_call"] = contactToCall.json }
    if let mrr { members["mrr"] = ["amount": JSON(mrr.amount), "currency": .text(mrr.currency)] }
    if let noticeInDays { members["notice_in_days"] = JSON(noticeInDays) }
    if let play { members["play"] = .text(play) }
    if let opener { members["opener"] = .text(opener) }
    if !values.isEmpty { members["values"] = .object(values) }
    if !context.isEmpty { members["context"] = .list(context.map(JSON.text)) }
    if let caseVerdict { members["case_verdict"] = .text(caseVerdict) }
    if let score {
      members["score"] = ["points": JSON(score.points), "band": .text(score.band), "coverage": JSON(score.coverage)]
    }
    if !people.isEmpty {
      members["people"] = .list(
        people.map { compact(["name": .text($0.name), "email": JSON($0.email), "shown_as": .text($0.shownAs)]) })
    }
    return .object(members)
  }

  /// Reads the content of a notice or of a delivery. Members it does not know are passed over, so that an older receiver can read a
  /// newer sender; a member it needs that is missing or ill-formed is an error that names it.
  package init(json: JSON) throws(FieldError) {
    let finding = AlertMembers(json["finding"], at: "finding")
    let members = AlertMembers(json, at: "alert")
    self.init(
      rule: try members.text("rule"), title: try members.text("title"), level: try members.choice("level"),
      about: try members.choice("about"), change: try members.choice("transition"),
      subject: try finding.parsed("subject", as: "account:12, case:12/1, feed:stripe.events or cut:segment/SMB", Subject.init),
      episode: Int(try finding.integer("episode")),
      day: try members.parsed("day", as: "YYYY-MM-DD", Day.init), account: try Account(json: json["account"]))
    if !json["owner"].isNull {
      let owner = AlertMembers(json["owner"], at: "owner")
      self.owner = Owner(name: try owner.text("name"), email: json["owner"]["email"].text)
    }
    if !json["contact_to_call"].isNull { contactToCall = try Contact(json: json["contact_to_call"]) }
    if !json["mrr"].isNull {
      let mrr = AlertMembers(json["mrr"], at: "mrr")
      self.mrr = Money(amount: try mrr.integer("amount"), currency: try mrr.text("currency"))
    }
    noticeInDays = json["notice_in_days"].integer.map { Int($0) }
    facts = try members.list("facts").map { (fact) throws(FieldError) in
      Fact(text: try AlertMembers(fact, at: "facts").text("text"), records: (fact["records"].list ?? []).compactMap(\.text))
    }
    changedSinceLast = try members.list("changed_since_last").compactMap(\.text)
    play = json["play"].text
    opener = json["opener"].text
    values = json["values"].object ?? [:]
    context = (json["context"].list ?? []).compactMap(\.text)
    caseVerdict = json["case_verdict"].text
    if !json["score"].isNull {
      let score = AlertMembers(json["score"], at: "score")
      self.score = Score(
        points: try score.number("points"), band: try score.text("band"), coverage: try score.number("coverage"))
    }
    people = try (json["people"].list ?? []).map { (person) throws(FieldError) in
      let members = AlertMembers(person, at: "people")
      return Person(name: try members.text("name"), email: person["email"].text, shownAs: try members.text("shown_as"))
    }
    peopleHidden = json["people_hidden"].flag ?? false
  }
}

extension Alert.Account {
  var json: JSON {
    ["id": JSON(key.number), "name": .text(name), "external": .object(external.mapValues(JSON.text))]
  }

  init(json: JSON) throws(FieldError) {
    let members = AlertMembers(json, at: "account")
    self.init(
      key: AccountKey(try members.integer("id")), name: try members.text("name"),
      external: (json["external"].object ?? [:]).compactMapValues(\.text))
  }
}

extension Alert.Contact {
  /// `last_active` stands there even when it is null: "never seen" is something to know before a call.
  var json: JSON {
    var members: [String: JSON] = ["role": .text(role), "last_active": JSON(lastActive)]
    if let name { members["name"] = .text(name) }
    if let email { members["email"] = .text(email) }
    return .object(members)
  }

  init(json: JSON) throws(FieldError) {
    let members = AlertMembers(json, at: "contact_to_call")
    let lastActive: Day? =
      json["last_active"].isNull ? nil : try members.parsed("last_active", as: "YYYY-MM-DD") { (text: String) in Day(text) }
    self.init(name: json["name"].text, email: json["email"].text, role: try members.text("role"), lastActive: lastActive)
  }
}

extension Subject {
  /// Reads what `description` wrote.
  package init?(_ text: String) {
    if text.hasPrefix("feed:") {
      self = .feed(String(text.dropFirst(5)))
      return
    }
    if text.hasPrefix("cut:"), let slash = text.firstIndex(of: "/") {
      guard let dimension = Cut.Dimension(rawValue: String(text[..<slash].dropFirst(4))) else { return nil }
      self = .cut(Cut(dimension: dimension, value: String(text[slash...].dropFirst())))
      return
    }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    let numbers = parts[1].split(separator: "/", omittingEmptySubsequences: false).map { Int64($0) }
    switch (parts[0], numbers.count, numbers.first ?? nil, numbers.last ?? nil) {
    case ("account", 1, let number?, _): self = .account(AccountKey(number))
    case ("case", 2, let number?, let ordinal?): self = .expansionCase(AccountKey(number), Int(ordinal))
    default: return nil
    }
  }
}

/// The members of one object of an alert, read with errors that name the place.
private struct AlertMembers {
  private let json: JSON
  private let path: String

  init(_ json: JSON, at path: String) {
    self.json = json
    self.path = path
  }

  func text(_ name: String) throws(FieldError) -> String {
    guard let text = json[name].text else { throw fault(name, "text expected") }
    return text
  }

  func integer(_ name: String) throws(FieldError) -> Int64 {
    guard let integer = json[name].integer else { throw fault(name, "a whole number expected") }
    return integer
  }

  func number(_ name: String) throws(FieldError) -> Fixed {
    guard let number = json[name].scalarText.flatMap({ Fixed($0) }) else { throw fault(name, "a number expected") }
    return number
  }

  func list(_ name: String) throws(FieldError) -> [JSON] {
    guard let list = json[name].list else { throw fault(name, "a list expected") }
    return list
  }

  func choice<Word: RawRepresentable & CaseIterable>(_ name: String) throws(FieldError) -> Word where Word.RawValue == String {
    guard let word = json[name].text.flatMap({ Word(rawValue: $0) }) else {
      throw fault(name, "one of \(Word.allCases.map(\.rawValue).joined(separator: ", ")) expected")
    }
    return word
  }

  func parsed<Result>(_ name: String, as form: String, _ read: (String) -> Result?) throws(FieldError) -> Result {
    guard let result = json[name].text.flatMap(read) else { throw fault(name, "\(form) expected") }
    return result
  }

  private func fault(_ name: String, _ message: String) -> FieldError { FieldError(path: "\(path).\(name)", message: message) }
}

/// An object without its null members.
private func compact(_ members: [String: JSON]) -> JSON { .object(members.filter { !$0.value.isNull }) }
