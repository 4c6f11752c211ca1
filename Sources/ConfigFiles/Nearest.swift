/// The candidate that a person most likely meant; nil where none is near.
///
/// Distance counts insertions, deletions, replacements and swaps of neighbours (Damerau–Levenshtein, optimal string alignment),
/// letter case aside; at most a third of the word may differ, at least one letter, at most three. Of two as near, the one of the same
/// letters, else the one that begins and ends more like the word: letters swapped, left out or struck twice are commoner than wrong ones.
package func nearest(_ word: String, among candidates: [String]) -> String? {
  let letters = Array(word.lowercased())
  guard !letters.isEmpty, letters.count <= 64 else { return nil }
  let limit = min(3, max(1, letters.count / 3))
  var best: (distance: Int, likeness: Int, candidate: String)?
  for candidate in candidates {
    let other = Array(candidate.lowercased())
    guard let distance = editDistance(letters, other, atMost: limit), distance <= best?.distance ?? .max else { continue }
    let swapped = letters.count == other.count && letters.sorted() == other.sorted() ? letters.count : 0
    let likeness =
      swapped + zip(letters, other).prefix { $0 == $1 }.count + zip(letters.reversed(), other.reversed()).prefix { $0 == $1 }.count
    if distance < best?.distance ?? .max || likeness > best?.likeness ?? -1 { best = (distance, likeness, candidate) }
  }
  return best?.candidate
}

private func editDistance(_ a: [Character], _ b: [Character], atMost limit: Int) -> Int? {
  guard abs(a.count - b.count) <= limit else { return nil }
  var beforeLast: [Int] = []
  var last = Array(0...b.count)
  for i in 0..<a.count {
    var current = [i + 1]
    for j in 0..<b.count {
      var cost = min(last[j + 1] + 1, current[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
      current.append(cost)
    }
    if let smallest = current.min(), smallest > limit { return nil }
    beforeLast = last
    last = current
  }
  return last[b.count] <= limit ? last[b.count] : nil
}

/// "did you mean …?", or else the known words where they are few.
package func suggestion(for word: String, among candidates: [String]) -> String? {
  if let near = nearest(word, among: candidates) { return "did you mean \(near)?" }
  guard !candidates.isEmpty, candidates.count <= 24 else { return nil }
  return "known here: \(candidates.joined(separator: ", "))"
}
