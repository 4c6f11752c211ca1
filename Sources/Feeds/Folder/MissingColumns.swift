extension LocalStream {
  /// The columns without which no row of a table could be a record, in the order of the file; none where one mapping at least has an id
  /// and a time.
  func missingColumns(of table: Table) -> [String] {
    var missing: [String] = []
    for mapping in mappings {
      guard case .root = mapping.base else { return [] }
      let absent = [mapping.id, mapping.at].compactMap { $0.absentColumns(of: table) }
      if absent.isEmpty { return [] }
      for name in absent where !missing.contains(name) { missing.append(name) }
    }
    return missing
  }
}

extension Expression {
  /// The paths that a table has no column for, where the value needs one of them: `event_id`, or `event_id or uuid`.
  fileprivate func absentColumns(of table: LocalStream.Table) -> String? {
    switch self {
    case .path(let path): return table.columns[path.slot] == nil ? path.path.text : nil
    case .firstOf(let choices):
      let absent = choices.compactMap { $0.absentColumns(of: table) }
      return absent.count == choices.count && !absent.isEmpty ? absent.joined(separator: " or ") : nil
    case .join(let parts):
      let absent = parts.compactMap { $0.absentColumns(of: table) }
      return absent.count == parts.count && !absent.isEmpty ? absent.joined(separator: ", ") : nil
    default: return nil
    }
  }
}
