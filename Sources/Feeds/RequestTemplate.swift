internal import Events
internal import Transport

/// A request with gaps for the walk's bounds.
struct RequestTemplate: Sendable {
  var method = "GET"
  /// From the base URL on, with a leading slash, percent-encoded as written.
  var path: String
  var query: [Parameter] = []
  /// Sent only where there is no page token.
  var firstPageQuery: [Parameter] = []
  var headers: [HTTPHeader] = []
  var body: BodyTemplate?

  struct Parameter: Sendable {
    let name: String
    let value: TextTemplate
  }

  /// The most bytes a page may have; the transport stops reading there.
  static let pageByteLimit = 32 * 1024 * 1024

  /// What fills the gaps and says where the walk stands.
  struct Filling {
    var from: String?
    var to: String?
    var token: (value: JSON, placement: Connector.Placement)?
  }

  func request(base: String, filling: Filling) -> HTTPRequest {
    var parameters = query + (filling.token == nil ? firstPageQuery : [])
    var json = body?.fill(filling)
    switch filling.token {
    case (let value, .query(let name))?:
      parameters.removeAll { $0.name == name }
      parameters.append(Parameter(name: name, value: TextTemplate(literal: value.scalarText ?? value.serialized())))
    case (let value, .body(let name))?:
      var members = json?.object ?? [:]
      members[name] = value
      json = .object(members)
    case nil: break
    }
    var headers = headers
    if json != nil { headers.append(HTTPHeader("Content-Type", "application/json")) }
    return HTTPRequest(
      method: method, url: base + path + Self.queryText(parameters, filling), headers: headers, body: json?.serializedBytes(),
      bodyCap: Self.pageByteLimit)
  }

  private static func queryText(_ parameters: [Parameter], _ filling: Filling) -> String {
    guard !parameters.isEmpty else { return "" }
    return "?" + parameters.map { percentEncoded($0.name) + "=" + percentEncoded($0.value.fill(filling)) }.joined(separator: "&")
  }

  /// Everything but the unreserved characters of RFC 3986 encoded.
  static func percentEncoded(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
        result.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        result += "%" + (digits.count == 1 ? "0" : "") + digits
      }
    }
    return result
  }
}

/// Text with gaps: `{from}` and `{to}`.
struct TextTemplate: Sendable {
  enum Part: Hashable, Sendable {
    case literal(String)
    case from
    case to
  }
  let parts: [Part]

  init(parts: [Part]) { self.parts = parts }
  init(literal: String) { parts = [.literal(literal)] }

  var uses: Set<String> { Set(parts.compactMap { $0 == .from ? "from" : $0 == .to ? "to" : nil }) }

  func fill(_ filling: RequestTemplate.Filling) -> String {
    parts.map { part in
      switch part {
      case .literal(let text): text
      case .from: filling.from ?? ""
      case .to: filling.to ?? ""
      }
    }.joined()
  }
}

/// A JSON body with gaps in its texts.
indirect enum BodyTemplate: Sendable {
  case fixed(JSON)
  case text(TextTemplate)
  case list([BodyTemplate])
  case object([String: BodyTemplate])

  func fill(_ filling: RequestTemplate.Filling) -> JSON {
    switch self {
    case .fixed(let json): json
    case .text(let template): .text(template.fill(filling))
    case .list(let elements): .list(elements.map { $0.fill(filling) })
    case .object(let members): .object(members.mapValues { $0.fill(filling) })
    }
  }
}
