internal import Events

/// Markup taken out of texts that vendors keep as HTML.
enum PlainText {
  /// The text without tags, with the common entities read and runs of white space made one blank.
  static func strip(_ html: String) -> String {
    var text = ""
    var inTag = false
    for character in html {
      switch character {
      case "<":
        inTag = true
        text.append(" ")
      case ">" where inTag: inTag = false
      default: if !inTag { text.append(character) }
      }
    }
    for (entity, character) in entities {
      text = text.split(separator: entity, omittingEmptySubsequences: false).joined(separator: character)
    }
    return text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  /// The text without blanks at its ends.
  static func trimmed(_ text: Substring) -> String { text.split(separator: " ").joined(separator: " ") }

  /// `&amp;` comes last, so that `&amp;lt;` is read once.
  private static let entities: KeyValuePairs<String, String> = [
    "&nbsp;": " ", "&lt;": "<", "&gt;": ">", "&quot;": "\"", "&#39;": "'", "&amp;": "&",
  ]
}

/// Web addresses as people type them into a CRM.
enum WebAddress {
  /// `acme.com` of `https://www.Acme.com/about`, of `www.acme.com` and of `acme.com`; nil where there is no host with a dot.
  static func domain(_ address: String) -> String? {
    var rest = address.lowercased()[...]
    if let scheme = rest.firstRange(of: "://") { rest = rest[scheme.upperBound...] }
    rest = rest.prefix { !"/?#: ".contains($0) }
    if rest.hasPrefix("www.") { rest = rest.dropFirst(4) }
    return rest.contains(".") ? String(rest) : nil
  }
}

/// Amounts that a vendor writes in whole units, as `1200.50`.
enum MinorUnits {
  /// The amount in minor units, halves away from zero; the value itself where it is no number, for the cast to refuse.
  static func of(_ amount: JSON, currency: String?) -> JSON {
    guard let text = amount.scalarText, let number = Rational(decimal: text) else { return amount }
    let scale: Int128 = currency.map { withoutMinorUnit.contains($0.uppercased()) } ?? false ? 1 : 100
    return number.multiplied(by: Rational(scale)).map { JSON($0.rounded) } ?? amount
  }

  /// ISO 4217 currencies with no minor unit.
  private static let withoutMinorUnit: Set<String> = [
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF",
  ]
}
