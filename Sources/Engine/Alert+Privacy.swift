/// Taking people's names out of an alert.
extension Alert {
  /// The same alert with roles in the place of names and addresses, for channels that many can read.
  ///
  /// Full names and addresses are replaced wherever they stand as whole words; so are a name's single words ("Dana" in "Hi Dana"),
  /// save those that the account's own name holds too. Our own owner stays: the channel must know whose turn it is.
  package func hidingPeople() -> Alert {
    guard !peopleHidden else { return self }
    var everyone = people
    if let contact = contactToCall, let name = contact.name, !everyone.contains(where: { $0.name == name }) {
      everyone.append(Person(name: name, email: contact.email, shownAs: Self.phrase(for: contact.role)))
    }
    let accountWords = Set(Self.words(of: account.name))
    var replacements: [(name: String, words: String)] = []
    for person in everyone {
      if let email = person.email { replacements.append((email, person.shownAs)) }
      replacements.append((person.name, person.shownAs))
      for word in Self.words(of: person.name) where word.count > 1 && !accountWords.contains(word) {
        replacements.append((word, person.shownAs))
      }
    }
    // Longest first, so that a full name is not taken apart by its own first name.
    replacements.sort { ($1.name.count, $0.name) < ($0.name.count, $1.name) }
    let hide = { (text: String) in
      replacements.reduce(text) { text, replacement in Self.replacing(replacement.name, by: replacement.words, in: text) }
    }

    var alert = self
    alert.title = hide(title)
    alert.facts = facts.map { Fact(text: hide($0.text), records: $0.records.map(hide)) }
    alert.changedSinceLast = changedSinceLast.map(hide)
    alert.play = play.map(hide)
    alert.opener = opener.map(hide)
    alert.contactToCall?.name = nil
    alert.contactToCall?.email = nil
    alert.people = []
    alert.peopleHidden = true
    return alert
  }

  /// `decision_maker` → "the decision maker".
  package static func phrase(for role: String) -> String {
    "the " + String(role.map { $0 == "_" ? " " : $0 })
  }

  private static func words(of name: String) -> [String] {
    name.split { !isWordCharacter($0) }.map(String.init)
  }

  /// Every occurrence that no letter or digit touches on either side.
  private static func replacing(_ name: String, by words: String, in text: String) -> String {
    guard !name.isEmpty, !text.isEmpty else { return text }
    var result = ""
    var rest = text[...]
    while !rest.isEmpty {
      if rest.hasPrefix(name) {
        let after = rest.dropFirst(name.count)
        if !(result.last.map(isWordCharacter) ?? false), !(after.first.map(isWordCharacter) ?? false) {
          result += words
          rest = after
          continue
        }
      }
      result.append(rest.removeFirst())
    }
    return result
  }

  private static func isWordCharacter(_ character: Character) -> Bool { character.isLetter || character.isNumber }
}
