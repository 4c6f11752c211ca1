package import ConfigFiles
package import Events

/// One vendor's API as a feed file describes it, checked and compiled.
package struct Connector: Sendable {
  /// The feed's name, as in logs, cursors and commands.
  package let name: String
  /// Who is telling, in records and account links.
  package let system: String
  package let isEnabled: Bool
  /// An API, unless the file names a folder or a push.
  package let source: Source
  /// Scheme, host, port and path prefix, without a trailing slash.
  package let baseURL: String
  /// Whether the host may have a private or loopback address.
  package let allowPrivate: Bool
  package let authentication: Authentication
  /// What the vendor allows in requests; holds for all feeds of one host together.
  package let budget: [RequestBudget]
  /// The header that tells, in seconds since 1970, when a rate limit ends.
  package let rateReset: String?
  /// Business time between two polls.
  package let pollInterval: Span
  /// How long a stream may bring nothing before it is stale, where the file says so.
  let staleAfter: Span?
  /// In the order they are polled; none where the source is no API.
  package let streams: [Stream]
  /// Where the name stands in its file.
  package let range: SourceRange
}

extension Connector {
  /// One kind of thing a feed lists, with its own cursor.
  package struct Stream: Sendable {
    package let name: String
    /// Listed once, before the feed's other streams, and again only after a hole in those.
    package let isBackfill: Bool
    /// The kinds of which this stream, when walked to its end, tells everything.
    package let completes: [Kind]
    /// Whether absence means zero for every paying account.
    package let coversCustomers: Bool
    let start: Start
    let request: RequestTemplate
    let paging: Paging
    let cursor: CursorPlan
    package let decoding: Decoding
    let selection: RecordSelection
    /// What is asked beside each page, in order; each sees what those before it brought.
    let followUps: [FollowUp]
    let mappings: [RecordMapping]
    /// Every path of the mappings, by slot.
    let paths: [ValuePath]
    let errorRules: [ErrorRule]
    /// The source's declared delay: what it tells at business time t is complete through t − lag.
    package var lag: Span { cursor.lag }
  }

  /// How far back a first walk reaches.
  enum Start: Hashable, Sendable {
    /// Everything the vendor has.
    case beginning
    case ago(Span)
    case at(Instant)

    func instant(now: Instant) -> Instant {
      switch self {
      case .beginning: Instant(seconds: 0)
      case .ago(let span): now - span
      case .at(let instant): instant
      }
    }
  }

  /// Where the next page comes from.
  indirect enum Paging: Sendable {
    case none
    /// A token from the answer.
    case token(path: JSONPath, into: Placement, ends: EndFlags)
    /// A value of the last record.
    case last(path: JSONPath, into: Placement, ends: EndFlags)
    /// A URL in the answer, read from the one asked for, on the same origin.
    case nextURL(path: JSONPath, ends: EndFlags)
    /// The target of a `Link` header's relation, likewise.
    case link(relation: String)
    /// A count from `first` on; a page of fewer than `size` records is the last. Nil: the page size asked for.
    case page(parameter: Placement, first: Int64, size: Int64?)
    /// How many records were read; with `total`, the answer's count of all, a count that falls means that as many may have moved up
    /// over the border, and they are read again.
    case offset(parameter: Placement, size: Int64?, total: JSONPath?)
    /// The walk's lower bound moves up to the last record's time; records that share one time are paged through by `ties`.
    ///
    /// Offsets shift when a record read before is changed and leaves the window; times do not.
    /// `total` is the answer's count of all records in the window: where it changes among ties, an offset has shifted, and the ties are
    /// read again from their first.
    case keyset(field: JSONPath, size: Int64?, ties: Ties, total: JSONPath?)
    /// Another paging that a vendor ends after so many pages: then on from the last record's time.
    case capped(Paging, pages: Int64)
  }

  /// How keyset paging gets through more records of one time than a page holds.
  enum Ties: Sendable {
    case none
    case paging(Paging)
    /// A request of its own for the records of one time, in the order of their ids.
    case byID(TiesByID)
  }

  struct TiesByID: Sendable {
    let request: RequestTemplate
    /// The id of the record.
    let last: JSONPath
    let size: Int64
    /// What stands for the id before the first.
    let least: String
  }

  /// Where a page token goes.
  enum Placement: Hashable, Sendable {
    case query(String)
    /// A member of the request's JSON body, or a field of its form.
    case body(JSONPath)
  }

  /// Flags in the answer that say whether the walk is over.
  struct EndFlags: Sendable {
    /// True on the last page.
    var stop: JSONPath?
    /// False on the last page.
    var more: JSONPath?
  }

  /// What is remembered between polls.
  struct CursorPlan: Sendable {
    enum Mode: Hashable, Sendable {
      /// Nothing: every poll lists everything.
      case list
      /// The time through which everything was read.
      case window
      /// The vendor's own page token, kept after the last page.
      case opaque
    }
    var mode: Mode = .list
    var format = TimeFormat(form: .seconds)
    var lag = Span.seconds(0)
    /// How far each walk reaches back behind the last, for late records.
    var lookback = Span.seconds(0)
    /// Whether the vendor leaves out a record at the lower bound itself.
    var excludesLowerBound = false
    /// Whether a written {to} is itself left out, which matters where it stands for a whole day or hour.
    var excludesUpperBound = false
    /// How long the vendor keeps what this stream lists.
    var retention: Span?
    /// The record's own time: the first of these that has a value.
    var fields: [JSONPath] = []
    /// Whether the list runs backwards, so that a record's time ends the walk below its floor.
    var isNewestFirst = false
    /// How coarsely the vendor compares times: what it lists of before the lower bound is dropped here.
    var granularity: Span?
    /// The longest stretch of time asked for at once.
    var step: Span?
  }

  /// What an answer other than success means, where the general rules are wrong for this vendor.
  struct ErrorRule: Sendable {
    enum Action: String, CaseIterable, Sendable {
      case fail
      case retry
      /// As if the page were empty and the last.
      case skip
      /// Forget the page token and walk from the walk's start again.
      case restart
      /// Get a new access token and ask again.
      case refresh
      /// Ask for less: a smaller page, or a shorter stretch of time.
      case shrink
    }
    let status: Int
    /// A text the body must hold; empty for any.
    let body: String
    let action: Action
  }

  /// Where the records are in an answer.
  enum RecordSelection: Sendable {
    case list(JSONPath)
    /// Rows are lists; their values' names stand once.
    case rows(columns: JSONPath, rows: JSONPath)
  }
}

extension Connector {
  /// The most streams a feed may have.
  package static let streamLimit = 50
  /// The most entries a stream's `expand:` may have.
  package static let followUpLimit = 10
  /// The most mappings a stream may have.
  package static let mappingLimit = 50
  /// The shortest time between polls.
  package static let shortestPoll = Span.seconds(10)
  /// The shortest time after which a stream is stale, unless its file says otherwise.
  package static let leastPatience = Span.hours(1)
  /// Polls in a row that may fail before their stream is stale.
  package static let pollsOfPatience: Int64 = 3

  /// How long the stream of a name may get nowhere before it is stale: three polls, twice its source's lag, and an hour at least.
  package func patience(with stream: String) -> Span {
    staleAfter
      ?? max(
        Span(microseconds: pollInterval.microseconds * Self.pollsOfPatience), Span(microseconds: lag(of: stream).microseconds * 2),
        Self.leastPatience)
  }

  private func lag(of stream: String) -> Span {
    let lag: Span? =
      switch source {
      case .api: streams.first { $0.name == stream }?.lag
      case .folder(let folder): folder.streams.first { $0.name == stream }?.lag
      case .push(let push): push.streams.first { $0.name == stream }?.lag
      }
    return lag ?? .seconds(0)
  }
}
