internal import Events

extension Connector {
  /// More requests for what a page brought: the rest of nested lists, the children of parents, associations by batches of ids.
  struct FollowUp: Sendable {
    /// Where in the record the found list goes.
    let into: JSONPath
    /// Which records are asked about; nil for all.
    let when: Condition?
    let request: RequestTemplate
    /// Where in an answer the list is.
    let records: JSONPath
    let paging: Paging
    /// How many records one request asks about, at most.
    let batch: Int
    /// What tells a batch's results apart; nil where one request is about one record.
    let match: Match?
    /// Beside the stream's own, which come later.
    let errorRules: [ErrorRule]

    struct Match: Sendable {
      let theirs: JSONPath
      let ours: JSONPath
    }

    /// The most records one request may ask about.
    static let batchLimit = 1000

    /// What its request wants of a record.
    var recordPaths: [JSONPath] { request.recordPaths + (match.map { [$0.ours] } ?? []) }
  }
}

/// A page that is read and waits until everything that is asked beside it has come.
struct PageFollowUp: Sendable {
  /// Why it cannot go on.
  struct Fault: Error {
    let cause: FeedFailure.Cause
    let message: String
    let hint: String
  }

  /// The most requests made beside one page.
  static let requestLimit = 1000
  /// The most elements of a list that is put into one record.
  static let nestedLimit = 10_000
  /// The most bytes of answers that one page may bring with it.
  static let byteLimit = 64 * 1024 * 1024

  let followUps: [Connector.FollowUp]
  let page: ReadPage
  /// The page's records, with what was found for them so far.
  private(set) var records: [JSON]
  /// The next page of what is being asked for.
  var token: JSON?
  /// How often the vendor wanted to be asked for less.
  private(set) var shrunk: Int
  private var index = -1
  /// The places of the records still to be asked about by the current follow-up.
  private var waiting: ArraySlice<Int> = []
  private var found: [JSON] = []
  private var seenTokens: Set<JSON> = []
  private var requests = 0
  private var bytes = 0

  init(_ followUps: [Connector.FollowUp], _ page: ReadPage, records: [JSON], shrunk: Int) {
    self.followUps = followUps
    self.page = page
    self.records = records
    self.shrunk = shrunk
  }

  /// What is being asked.
  var current: Connector.FollowUp { followUps[index] }
  /// The records it is asked about.
  var batch: [JSON] { places.map { records[$0] } }
  private var places: ArraySlice<Int> { waiting.prefix(max(1, current.batch >> shrunk)) }

  /// Finds the next request; false where nothing is left to ask.
  mutating func advance() throws(Fault) -> Bool {
    while waiting.isEmpty {
      index += 1
      guard index < followUps.count else { return false }
      waiting = try chosen()[...]
    }
    requests += 1
    guard requests <= Self.requestLimit else {
      throw Fault(
        cause: .unexpectedAnswer, message: "a page wants more than \(Self.requestLimit) requests beside it",
        hint: "ask for smaller pages, narrow expand: by when:, or add batch:")
    }
    return true
  }

  /// The records that the follow-up is about.
  private func chosen() throws(Fault) -> [Int] {
    var chosen: [Int] = []
    for (place, record) in records.enumerated() {
      let scope = Scope(root: record, current: record, answerDate: page.date)
      guard current.when?.holds(in: scope) ?? true else { continue }
      if let path = current.recordPaths.first(where: { $0.value(in: record).scalarText == nil }) {
        throw Fault(
          cause: .unexpectedAnswer, message: "expand asks about a record that has no \(path.text)",
          hint: "correct the path, or leave such records out by when: { \(path.text): { present: true } }")
      }
      chosen.append(place)
    }
    return chosen
  }

  /// Takes a page of what was asked for; `next` is the token of the one after it.
  mutating func take(_ news: [JSON], bytes count: Int, next: JSON?) throws(Fault) {
    found += news
    bytes += count
    if found.count > Self.nestedLimit * places.count { throw Self.tooMany }
    if bytes > Self.byteLimit {
      throw Fault(
        cause: .unexpectedAnswer, message: "what expand brings to one page has more than \(Self.byteLimit) bytes",
        hint: "ask for smaller pages")
    }
    guard let next else { return try settle() }
    guard next != token, seenTokens.insert(next).inserted else {
      throw Fault(
        cause: .loop, message: "the page token \(String(next.serialized().prefix(80))) of expand came a second time",
        hint: "check the paging: below expand: the path of the token, and where it is sent")
    }
    token = next
  }

  private static var tooMany: Fault {
    Fault(
      cause: .unexpectedAnswer, message: "expand found more than \(nestedLimit) elements for one record",
      hint: "list them by a stream of their own")
  }

  /// Puts what was found where it belongs and leaves the batch behind.
  private mutating func settle() throws(Fault) {
    if let match = current.match {
      var lists: [String: [JSON]] = [:]
      for result in found { if let key = match.theirs.value(in: result).scalarText { lists[key, default: []].append(result) } }
      for place in places { try put(match.ours.value(in: records[place]).scalarText.flatMap { lists[$0] } ?? [], at: place) }
    } else {
      for place in places { try put(found, at: place) }
    }
    waiting = waiting.dropFirst(places.count)
    begin()
  }

  private mutating func put(_ list: [JSON], at place: Int) throws(Fault) {
    guard list.count <= Self.nestedLimit else { throw Self.tooMany }
    records[place] = records[place].setting(.list(list), at: current.into)
  }

  private mutating func begin() {
    found = []
    token = nil
    seenTokens = []
  }

  /// Asks for less from the batch's first page on; false where it cannot.
  mutating func shrink() -> Bool {
    let size = current.request.pageSize
    guard current.batch >> shrunk > 1 || size.map({ $0.size(shrunk: shrunk) > $0.least }) ?? false else { return false }
    shrunk += 1
    begin()
    return true
  }
}

extension RequestTemplate {
  /// What it wants of a record.
  var recordPaths: [JSONPath] {
    var texts = [pathText] + (query + firstPageQuery + headers).map(\.value)
    var paths: [JSONPath] = []
    switch body {
    case .form(let fields): texts += fields.map(\.value)
    case .json(let json): paths = json.recordPaths
    case nil: break
    }
    return texts.flatMap(\.recordPaths) + paths
  }
}

extension BodyTemplate {
  fileprivate var recordPaths: [JSONPath] {
    switch self {
    case .fixed: []
    case .text(let text): text.recordPaths
    case .record(let path): [path]
    case .list(let elements): elements.flatMap(\.recordPaths)
    case .each(let element): element.recordPaths
    // The order of names decides which missing path is named.
    case .object(let members): members.sorted { $0.key < $1.key }.flatMap(\.value.recordPaths)
    }
  }
}
