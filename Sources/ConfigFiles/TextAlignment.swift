/// Walks a scalar's value and its spelling in the file side by side.
///
/// A run of white space in the one answers to a run of white space in the other: that is all that folding and indentation change.
struct TextAlignment {
  private let value: [UInt8]
  private let source: [UInt8]
  private var valuePosition = 0
  private var sourcePosition = 0

  init(value: [UInt8], source: [UInt8], from start: Int = 0) {
    self.value = value
    self.source = source
    sourcePosition = start
    skipBlockHeader()
  }

  /// The position in the source of a position in the value; nil where they part.
  mutating func advance(to target: Int) -> Int? {
    let target = min(target, value.count)
    while valuePosition < target {
      guard sourcePosition < source.count else { return nil }
      if Self.isSpace(value[valuePosition]) {
        guard Self.isSpace(source[sourcePosition]) else { return nil }
        skipSpaces(until: target)
      } else if value[valuePosition] == source[sourcePosition] {
        valuePosition += 1
        sourcePosition += 1
        if valuePosition < value.count, !Self.isSpace(value[valuePosition]), sourcePosition < source.count,
          source[sourcePosition - 1] == UInt8(ascii: "'"), source[sourcePosition] == UInt8(ascii: "'"),
          value[valuePosition] != UInt8(ascii: "'")
        {
          sourcePosition += 1
        }
      } else {
        return nil
      }
    }
    return sourcePosition
  }

  private mutating func skipSpaces(until target: Int) {
    // Blanks between two words on one line match one to one, so a target among them is met exactly.
    while valuePosition < target, sourcePosition < source.count, value[valuePosition] == source[sourcePosition],
      value[valuePosition] == UInt8(ascii: " ")
    {
      valuePosition += 1
      sourcePosition += 1
    }
    guard valuePosition < target, Self.isSpace(value[valuePosition]) else {
      if valuePosition == value.count || !Self.isSpace(value[valuePosition]) { skipSourceSpaces() }
      return
    }
    while valuePosition < target, Self.isSpace(value[valuePosition]) { valuePosition += 1 }
    skipSourceSpaces()
  }

  private mutating func skipSourceSpaces() {
    while sourcePosition < source.count, Self.isSpace(source[sourcePosition]) { sourcePosition += 1 }
  }

  /// `|`, `>-`, `|2`: the mark of a block scalar and the rest of its line.
  private mutating func skipBlockHeader() {
    guard sourcePosition < source.count, value.first != source[sourcePosition],
      source[sourcePosition] == UInt8(ascii: "|") || source[sourcePosition] == UInt8(ascii: ">"),
      let lineEnd = source[sourcePosition...].firstIndex(of: UInt8(ascii: "\n"))
    else { return }
    sourcePosition = lineEnd
    skipSourceSpaces()
    while valuePosition < value.count, Self.isSpace(value[valuePosition]) { valuePosition += 1 }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 10 || byte == 13 || byte == 9 }
}
