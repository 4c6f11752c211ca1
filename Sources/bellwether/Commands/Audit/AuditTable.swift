import Events

/// The rows of an audit in its three forms: aligned text, JSON, CSV.
struct AuditTable {
  struct Column {
    /// The heading; in JSON and CSV in small letters with underscores.
    let title: String
    let alignment: TextTable.Alignment

    init(_ title: String, _ alignment: TextTable.Alignment = .left) {
      self.title = title
      self.alignment = alignment
    }
  }

  /// A value as people read it, and as machines do.
  struct Cell {
    let text: String
    let json: JSON

    init(_ text: String?) {
      self.text = text ?? "–"
      json = JSON(text)
    }

    init(_ number: Int?) {
      text = number.map(String.init) ?? "–"
      json = number.map { JSON($0) } ?? .null
    }

    init(_ day: Day?) {
      text = day?.description ?? "–"
      json = JSON(day)
    }

    /// Minor units for machines, whole units for people.
    init(money: Int64?, _ currency: String) {
      text = money.map { MoneyText.short($0, currency: currency) } ?? "–"
      json = money.map { JSON($0) } ?? .null
    }

    init(list: [String]) {
      text = list.joined(separator: ", ")
      json = .list(list.map(JSON.text))
    }
  }

  let columns: [Column]
  private(set) var rows: [[Cell]] = []

  init(_ columns: [Column]) { self.columns = columns }

  mutating func add(_ cells: [Cell]) { rows.append(cells) }

  var text: String {
    var table = TextTable(columns.map { ($0.title, $0.alignment) })
    for row in rows { table.add(row.map(\.text)) }
    return table.rendered()
  }

  private var keys: [String] { columns.map { $0.title.lowercased().replacing(" ", with: "_") } }

  var json: JSON {
    .list(rows.map { row in .object(Dictionary(zip(keys, row.map(\.json))) { first, _ in first }) })
  }

  /// RFC 4180. A text that a spreadsheet would take as a formula begins with an apostrophe.
  var csv: String {
    let lines = [keys] + rows.map { $0.map(Self.plain) }
    return lines.map { $0.map(Self.quoted).joined(separator: ",") }.joined(separator: "\r\n")
  }

  private static func plain(_ cell: Cell) -> String {
    switch cell.json {
    case .null: return ""
    case .text(let text): return guarded(text)
    case .list(let items): return guarded(items.compactMap(\.text).joined(separator: "; "))
    default: return cell.json.serialized()
    }
  }

  private static func guarded(_ text: String) -> String {
    guard let first = text.first, "=+-@\t\r".contains(first) else { return text }
    return "'" + text
  }

  private static func quoted(_ field: String) -> String {
    guard field.contains(where: { ",\"\n\r\r\n".contains($0) }) else { return field }
    return "\"" + field.replacing("\"", with: "\"\"") + "\""
  }
}

/// Sums of money by a word, in the order in which the words are given, each with its bar.
struct AuditTotals {
  private var sums: [(word: String, count: Int, money: Int64)]

  init(_ words: [String] = []) { sums = words.map { ($0, 0, 0) } }

  mutating func add(_ word: String, _ money: Int64) {
    let index = sums.firstIndex { $0.word == word } ?? sums.endIndex
    if index == sums.endIndex { sums.append((word, 0, 0)) }
    sums[index].count += 1
    sums[index].money += money
  }

  private static let width: Int64 = 24

  func text(_ title: String, _ unit: String, currency: String) -> String {
    let most = max(sums.map(\.money).max() ?? 0, 1)
    var table = TextTable([(title, .left), ("CASES", .right), (unit, .right), ("", .left)])
    for sum in sums {
      let length = max(sum.money, 0) * Self.width / most
      table.add([
        sum.word, String(sum.count), MoneyText.short(sum.money, currency: currency),
        String(repeating: "█", count: Int(length)) + (length == 0 && sum.money > 0 ? "▏" : ""),
      ])
    }
    return table.rendered()
  }

  var json: JSON {
    .list(sums.map { ["value": .text($0.word), "count": JSON($0.count), "amount": JSON($0.money)] })
  }
}
