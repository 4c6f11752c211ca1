package import Engine
import Events

/// An alert as plain text for people: who, what, how much, why, whom to call, what to say.
///
/// No colour and no cursor movement: the caller may pipe it anywhere. Control characters in texts that came from vendors are dropped,
/// so that nothing can redraw a terminal.
package struct AlertText: Sendable {
  /// Columns at most, unless a single word is longer.
  package var width = 100
  /// Facts shown of each alert.
  package var factLimit = 2
  /// Other open findings shown of each alert.
  package var contextLimit = 4

  package init() {}

  /// The text of a delivery, each line ended with a line feed.
  package func text(for envelope: Envelope) -> String {
    guard let first = envelope.alerts.first else { return "" }
    var lines = wrapped(envelope.headline, indent: first.label + "  ", hanging: "  ")
    lines += body(of: first)
    for alert in envelope.alerts.dropFirst() {
      lines += labelled("Also", "\(alert.label): \(alert.change.prefix)\(alert.title)")
      lines += alert.facts.prefix(1).flatMap { labelled("", $0.text) }
    }
    return lines.map { $0 + "\n" }.joined()
  }

  /// The text of a single alert.
  package func text(for alert: Alert) -> String {
    let headline = "\(alert.account.name): \(alert.change.prefix)\(alert.title)"
    let lines = wrapped(headline, indent: alert.label + "  ", hanging: "  ") + body(of: alert)
    return lines.map { $0 + "\n" }.joined()
  }

  private func body(of alert: Alert) -> [String] {
    var lines = wrapped(alert.stakes, indent: "  ", hanging: "  ")
    for (index, change) in alert.changedSinceLast.enumerated() { lines += labelled(index == 0 ? "Changed" : "", change) }
    for (index, fact) in alert.facts.prefix(factLimit).enumerated() { lines += labelled(index == 0 ? "Why" : "", fact.text) }
    for (index, line) in alert.context.prefix(contextLimit).enumerated() { lines += labelled(index == 0 ? "Also" : "", line) }
    if let contact = alert.contactToCall { lines += labelled("Call", contact.line) }
    if let play = alert.play { lines += labelled("Do", play) }
    if let opener = alert.opener {
      let spoken = opener.split(whereSeparator: \.isNewline)
      for (index, line) in spoken.enumerated() { lines += labelled(index == 0 ? "Say" : "", String(line)) }
    }
    if let score = alert.score { lines += labelled("Score", score.line(about: alert.about)) }
    return lines
  }

  private func labelled(_ label: String, _ text: String) -> [String] {
    let column = Self.labelWidth + 2
    let padding = String(repeating: " ", count: max(0, Self.labelWidth - label.count))
    return wrapped(text, indent: "  \(label)\(padding)", hanging: String(repeating: " ", count: column))
  }

  private static let labelWidth = 9

  /// Breaks at blanks; `indent` stands before the first line, `hanging` before the others.
  private func wrapped(_ text: String, indent: String, hanging: String) -> [String] {
    var lines: [String] = []
    var line = indent
    var isFresh = true
    for word in text.printable.split(separator: " ") {
      if !isFresh, line.count + 1 + word.count > width {
        lines.append(line)
        line = hanging
        isFresh = true
      }
      line += (isFresh ? "" : " ") + word
      isFresh = false
    }
    return isFresh ? lines : lines + [line]
  }
}

extension Alert {
  /// The first word of the text.
  fileprivate var label: String {
    switch (about, change) {
    case (_, .resolved): "RESOLVED"
    case (.expansion, _): "OPPORTUNITY"
    case (_, .caseOpened): "EXPANSION CASE"
    case (_, .verdictChanged) where caseVerdict == "healthy": "EXPANSION CASE"
    case (.ops, _): "OPS"
    case (.revenue, _): "REVENUE \(level.rawValue.uppercased())"
    default: level.rawValue.uppercased()
    }
  }

  /// How much money, how much time, whose account.
  fileprivate var stakes: String {
    if account.key == .none { return [mrr.map { "MRR \($0.text)" }, day.description].compactMap { $0 }.joined(separator: " · ") }
    let money = mrr.map { "MRR \($0.text)" } ?? "MRR unknown"
    let time =
      switch noticeInDays {
      case nil: "notice date unknown"
      case 0?: "notice date today"
      case 1?: "1 day to the notice date"
      case let days? where days < 0: "notice date passed \(-days) days ago"
      case let days?: "\(days) days to the notice date"
      }
    return [money, time, owner.map { "owner \($0.name)" } ?? "no owner", day.description].joined(separator: " · ")
  }
}

extension Alert.Contact {
  fileprivate var line: String {
    let words = Alert.phrase(for: role)
    let who = name.map { "\($0), \(words)" } ?? words
    let seen = lastActive.map { "last active \($0.short)" } ?? "not seen in the product"
    return [who, email, seen].compactMap { $0 }.joined(separator: ", ")
  }
}

extension Alert.Score {
  fileprivate func line(about: Alert.About) -> String {
    let side = about == .expansion ? "expansion" : "risk"
    let words = String(band.map { $0 == "_" ? " " : $0 })
    let share = (coverage * Fixed(100)).rounded
    return "\(side) \(points.rounded) points, \(words), \(share) % of its inputs known"
  }
}

extension Alert.Money {
  /// Whole units with thousands apart, hundredths only below 100: `$29,166`, `CHF 12.50`.
  package var text: String {
    let scale = Self.minorUnits(of: currency.uppercased())
    let magnitude = amount.magnitude
    var whole = magnitude / scale
    let rest = magnitude % scale
    var fraction = ""
    if whole >= 100 || rest == 0 {
      whole += rest * 2 >= scale && rest > 0 ? 1 : 0
    } else {
      let digits = String(rest)
      fraction = "." + String(repeating: "0", count: String(scale).count - 1 - digits.count) + digits
    }
    let symbol =
      switch currency.uppercased() {
      case "USD": "$"
      case "EUR": "€"
      case "GBP": "£"
      default: currency.uppercased() + " "
      }
    return (amount < 0 ? "-" : "") + symbol + Self.grouped(whole) + fraction
  }

  /// ISO 4217: most currencies have hundredths.
  private static func minorUnits(of currency: String) -> UInt64 {
    switch currency {
    case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF": 1
    case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND": 1000
    default: 100
    }
  }

  private static func grouped(_ number: UInt64) -> String {
    let digits = Array(String(number))
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
      text.append(digit)
    }
    return text
  }
}

extension Fixed {
  /// The nearest whole number, halves away from zero.
  fileprivate var rounded: Int64 {
    let half: Int64 = millionths < 0 ? -500_000 : 500_000
    return Int64(clamping: (Int128(millionths) + Int128(half)) / 1_000_000)
  }
}

extension String {
  /// With blanks for line ends and tabs, and without other control or direction characters.
  fileprivate var printable: String {
    String(
      String.UnicodeScalarView(
        unicodeScalars.compactMap { scalar in
          switch scalar.properties.generalCategory {
          case .control: scalar.value == 9 || scalar.value == 10 || scalar.value == 13 ? " " : nil
          case .format, .surrogate, .privateUse, .lineSeparator, .paragraphSeparator: nil
          default: scalar
          }
        }))
  }
}
