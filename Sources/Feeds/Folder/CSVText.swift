/// The text of a table as RFC 4180 writes it.
enum CSVText {
  private static let quote = UInt8(ascii: "\"")
  private static let comma = UInt8(ascii: ",")

  /// Whether a quoted field goes on behind the end of these bytes.
  static func isOpen(_ bytes: some Sequence<UInt8>) -> Bool {
    bytes.reduce(false) { isOpen, byte in byte == quote ? !isOpen : isOpen }
  }

  /// The fields of one record; nil where a quote stands in the wrong place or the text is not UTF-8.
  static func fields(_ record: some Collection<UInt8>) -> [String]? {
    var fields: [String] = []
    var field: [UInt8] = []
    var place = record.startIndex
    func next() -> UInt8? { place < record.endIndex ? record[place] : nil }
    while true {
      field.removeAll(keepingCapacity: true)
      if next() == quote {
        record.formIndex(after: &place)
        while true {
          guard let byte = next() else { return nil }
          record.formIndex(after: &place)
          if byte == quote {
            guard next() == quote else { break }
            record.formIndex(after: &place)
          }
          field.append(byte)
        }
        if let byte = next(), byte != comma { return nil }
      } else {
        while let byte = next(), byte != comma {
          if byte == quote { return nil }
          field.append(byte)
          record.formIndex(after: &place)
        }
      }
      guard let text = String(validating: field, as: UTF8.self) else { return nil }
      fields.append(text)
      guard next() == comma else { return fields }
      record.formIndex(after: &place)
    }
  }

  /// A text as one field.
  static func field(_ text: String) -> String { "\"" + text.replacing("\"", with: "\"\"") + "\"" }
}
