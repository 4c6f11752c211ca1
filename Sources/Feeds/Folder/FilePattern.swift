/// Names of files as a person writes them: `*` stands for any characters, `?` for one.
struct FilePattern: Hashable, Sendable {
  let text: String

  /// Nil for an empty pattern and for one with a slash: only the folder itself is looked at.
  init?(_ text: String) {
    guard !text.isEmpty, !text.contains("/") else { return nil }
    self.text = text
  }

  /// Whether the name fits, as it is or without its `.gz`.
  func matches(_ name: String) -> Bool {
    fits(Array(name.utf8)) || name.hasSuffix(".gz") && fits(Array(name.utf8.dropLast(3)))
  }

  /// Greedy matching that goes back to the last star only: linear in practice, quadratic at worst.
  private func fits(_ name: [UInt8]) -> Bool {
    let pattern = Array(text.utf8)
    var place = 0
    var at = 0
    var star: (place: Int, at: Int)?
    while at < name.count {
      if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
        star = (place, at)
        place += 1
      } else if place < pattern.count, pattern[place] == UInt8(ascii: "?") || pattern[place] == name[at] {
        place += 1
        at += 1
      } else if let last = star {
        star = (last.place, last.at + 1)
        place = last.place + 1
        at = last.at + 1
      } else {
        return false
      }
    }
    return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}
