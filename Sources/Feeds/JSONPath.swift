internal import Events

extension JSON {
  /// The value itself unless it is null or empty text. (`nil` as a literal would be JSON's null.)
  var known: JSON? { isNull || isEmptyText ? Optional.none : self }
}

/// A way into a JSON value: names and list positions, split once; `*` stands for every element of a list.
package struct JSONPath: Hashable, Sendable {
  struct Step: Hashable, Sendable {
    let name: String
    let index: Int?
  }

  /// As it was written: `paging.next.after`; a lone dot is the value itself.
  package let text: String
  let steps: [Step]

  /// Nil where a name between two dots is empty.
  init?(_ text: String) {
    self.text = text
    if text == "." {
      steps = []
      return
    }
    var steps: [Step] = []
    for part in text.split(separator: ".", omittingEmptySubsequences: false) {
      guard !part.isEmpty, !part.contains(where: { " |=<>{}\"'".contains($0) }) else { return nil }
      steps.append(Step(name: String(part), index: Int(part)))
    }
    self.steps = steps
  }

  /// The value at the path; null where anything on the way is missing.
  func value(in json: JSON) -> JSON { value(in: json, from: 0) }

  /// Whether the object that the last step leads into has a member of that name, be it null.
  func isNamed(in json: JSON) -> Bool {
    let parent = steps.dropLast().reduce(json) { $0[$1.name] }
    return steps.last.map { parent.object?[$0.name] != nil } ?? true
  }

  func value(in json: JSON, from first: Int) -> JSON {
    var value = json
    for place in first..<steps.count {
      let step = steps[place]
      switch value {
      case .object(let members):
        guard let next = members[step.name] else { return .null }
        value = next
      case .list(let elements):
        if step.name == "*" { return each(of: elements, from: place + 1) }
        guard let index = step.index, elements.indices.contains(index) else { return .null }
        value = elements[index]
      default:
        return .null
      }
    }
    return value
  }

  /// The rest of the path in every element, without those that have nothing there.
  private func each(of elements: [JSON], from place: Int) -> JSON {
    .list(elements.map { value(in: $0, from: place) }.filter { !$0.isNull })
  }
}
