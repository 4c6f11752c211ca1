internal import Events
internal import Transport

/// A request with gaps for the walk's bounds, and for what other records brought.
struct RequestTemplate: Sendable {
  var method = "GET"
  /// From the base URL on, with a leading slash, as written; for messages.
  var path: String
  /// The path, percent-encoded as written; what fills its gaps is encoded.
  var pathText: TextTemplate
  var query: [Parameter] = []
  /// Sent only where there is no page token.
  var firstPageQuery: [Parameter] = []
  var headers: [Parameter] = []
  var body: Body?
  var pageSize: PageSize?
  /// Whether later pages are asked for with their token and nothing else.
  var dropsOnNextPage = false

  struct Parameter: Sendable {
    let name: String
    let value: TextTemplate
  }

  enum Body: Sendable {
    case json(BodyTemplate)
    /// `application/x-www-form-urlencoded`.
    case form([Parameter])
  }

  /// How many records a page is asked for.
  struct PageSize: Sendable {
    let placement: Connector.Placement
    let most: Int64
    let least: Int64

    /// The size after so many halvings.
    func size(shrunk: Int) -> Int64 { max(least, most >> Int64(shrunk)) }
  }

  /// The most bytes a page may have; the transport stops reading there.
  static let pageByteLimit = 32 * 1024 * 1024

  /// What fills the gaps and says where the walk stands.
  struct Filling {
    var from: String?
    var to: String?
    /// The time whose records are paged by id, and the last id read.
    var at: String?
    var last: String?
    /// The records that an expansion asks about: one, or a batch.
    var records: [JSON] = []
    var token: (value: JSON, placement: Connector.Placement)?
    /// How often the page size is halved.
    var shrunk = 0
  }

  func request(base: String, filling: Filling) -> HTTPRequest {
    var parts = Parts(self, filling, dropped: dropsOnNextPage && filling.token != nil)
    if let pageSize, !parts.isDropped { parts.put(JSON(pageSize.size(shrunk: filling.shrunk)), at: pageSize.placement) }
    if let token = filling.token { parts.put(token.value, at: token.placement) }
    var headers = headers.map { HTTPHeader($0.name, $0.value.fill(filling)) }
    if let type = parts.contentType, !headers.contains(where: { HTTPHeader.sameName($0.name, "Content-Type") }) {
      headers.append(HTTPHeader("Content-Type", type))
    }
    let path = pathText.fill(filling, encode: Self.percentEncoded)
    let query = parts.query.isEmpty ? "" : "?" + Self.encoded(parts.query)
    return HTTPRequest(method: method, url: base + path + query, headers: headers, body: parts.body, bodyCap: Self.pageByteLimit)
  }

  fileprivate static func encoded(_ parameters: [(name: String, value: String)]) -> String {
    parameters.map { percentEncoded($0.name) + "=" + percentEncoded($0.value) }.joined(separator: "&")
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

/// A request's parameters and body, filled.
private struct Parts {
  var query: [(name: String, value: String)]
  private var json: JSON?
  private var form: [(name: String, value: String)]?
  let isDropped: Bool

  init(_ template: RequestTemplate, _ filling: RequestTemplate.Filling, dropped: Bool) {
    let filled = { (parameters: [RequestTemplate.Parameter]) in parameters.map { (name: $0.name, value: $0.value.fill(filling)) } }
    isDropped = dropped
    query = dropped ? [] : filled(template.query + (filling.token == nil ? template.firstPageQuery : []))
    switch template.body {
    case .json(let body): json = dropped ? .object([:]) : body.fill(filling)
    case .form(let parameters): form = dropped ? [] : filled(parameters)
    case nil: break
    }
  }

  mutating func put(_ value: JSON, at placement: Connector.Placement) {
    switch placement {
    case .query(let name): Self.replace(name, value, in: &query)
    case .body(let path):
      if form != nil {
        Self.replace(path.text, value, in: &form)
      } else {
        json = (json ?? .object([:])).setting(value, at: path)
      }
    }
  }

  private static func replace(_ name: String, _ value: JSON, in parameters: inout [(name: String, value: String)]) {
    parameters.removeAll { $0.name == name }
    parameters.append((name, value.scalarText ?? value.serialized()))
  }

  private static func replace(_ name: String, _ value: JSON, in parameters: inout [(name: String, value: String)]?) {
    var list = parameters ?? []
    replace(name, value, in: &list)
    parameters = list
  }

  var contentType: String? { form != nil ? "application/x-www-form-urlencoded" : json != nil ? "application/json" : nil }
  var body: [UInt8]? { form.map { Array(RequestTemplate.encoded($0).utf8) } ?? json?.serializedBytes() }
}

/// Text with gaps: `{from}`, `{to}`, `{at}`, `{last}` and `{record.PATH}`.
struct TextTemplate: Sendable {
  enum Part: Hashable, Sendable {
    case literal(String)
    case from
    case to
    case at
    case last
    case record(JSONPath)
  }
  let parts: [Part]

  init(parts: [Part]) { self.parts = parts }
  init(literal: String) { parts = [.literal(literal)] }

  /// What it wants of a record.
  var recordPaths: [JSONPath] { parts.compactMap { if case .record(let path) = $0 { path } else { nil } } }

  /// The text; for a batch of records, one text for each with commas between.
  func fill(_ filling: RequestTemplate.Filling, encode: (String) -> String = { $0 }) -> String {
    if filling.records.isEmpty || recordPaths.isEmpty { return fill(filling, .null, encode) }
    return filling.records.map { fill(filling, $0, encode) }.joined(separator: ",")
  }

  private func fill(_ filling: RequestTemplate.Filling, _ record: JSON, _ encode: (String) -> String) -> String {
    parts.map { part in
      switch part {
      case .literal(let text): text
      case .from: encode(filling.from ?? "")
      case .to: encode(filling.to ?? "")
      case .at: encode(filling.at ?? "")
      case .last: encode(filling.last ?? "")
      case .record(let path): encode(path.value(in: record).scalarText ?? "")
      }
    }.joined()
  }
}

/// A JSON body with gaps in its texts.
indirect enum BodyTemplate: Sendable {
  case fixed(JSON)
  case text(TextTemplate)
  /// A record's value alone, which keeps its type.
  case record(JSONPath)
  case list([BodyTemplate])
  /// A list with an element for each record of a batch.
  case each(BodyTemplate)
  case object([String: BodyTemplate])

  func fill(_ filling: RequestTemplate.Filling) -> JSON {
    switch self {
    case .fixed(let json): return json
    case .text(let template): return .text(template.fill(filling))
    case .record(let path):
      if filling.records.count == 1 { return path.value(in: filling.records[0]) }
      return .text(TextTemplate(parts: [.record(path)]).fill(filling))
    case .list(let elements): return .list(elements.map { $0.fill(filling) })
    case .each(let element):
      return .list(
        filling.records.map { record in
          var one = filling
          one.records = [record]
          return element.fill(one)
        })
    case .object(let members): return .object(members.mapValues { $0.fill(filling) })
    }
  }
}

extension JSON {
  /// The value with another at a path: objects are made where there are none, elements that a list does not have are left out.
  func setting(_ value: JSON, at path: JSONPath) -> JSON { setting(value, at: path.steps[...]) }

  private func setting(_ value: JSON, at steps: ArraySlice<JSONPath.Step>) -> JSON {
    guard let step = steps.first else { return value }
    if case .list(var elements) = self, let index = step.index {
      if elements.indices.contains(index) { elements[index] = elements[index].setting(value, at: steps.dropFirst()) }
      return .list(elements)
    }
    var members = object ?? [:]
    members[step.name] = (members[step.name] ?? .null).setting(value, at: steps.dropFirst())
    return .object(members)
  }
}
