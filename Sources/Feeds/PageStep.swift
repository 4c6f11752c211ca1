internal import Events
internal import Transport

/// A page of records as paging sees it.
struct ReadPage: Sendable {
  let answer: JSON
  /// All that the vendor listed, those seen before too.
  let records: [JSON]
  /// The `Link` header fields.
  let links: [String]
  /// By the server's clock.
  let date: Instant
  /// The URL that was asked for, from which relative links start.
  let url: String
  /// The token it was asked for with.
  let token: JSON?
  /// The page size it was asked for with, where the request names one.
  let size: Int64?
}

/// Where a walk goes after a page.
enum PageStep {
  case end(token: JSON?)
  case token(JSON)
  /// On from a record's time.
  case from(Instant)
  /// Through the records of one time, in the order of their ids.
  case tie(Instant, last: JSON?)
}

extension StreamWalk {
  /// Where a paging goes after a page; `read` reads a path in one of its records.
  func step(_ paging: Connector.Paging, after page: ReadPage, read: (JSONPath, JSON) -> JSON) -> Result<PageStep, FeedFailure> {
    switch paging {
    case .none: return .success(.end(token: nil))
    case .token(let path, _, let ends):
      let found = path.value(in: page.answer).known
      return isOver(ends, page, hasNext: found != nil).flatMap { isOver in
        if isOver { return .success(.end(token: found)) }
        if let found { return .success(.token(found)) }
        return ends.isOpen ? .success(.end(token: nil)) : .failure(missing(path, "the token of the next page"))
      }
    case .last(let path, _, let ends):
      guard let last = page.records.last else { return .success(.end(token: nil)) }
      return isOver(ends, page, hasNext: true).flatMap { isOver in
        if isOver { return .success(.end(token: nil)) }
        let token = read(path, last)
        return token.isNull ? .failure(missing(path, "the last record's id")) : .success(.token(token))
      }
    case .nextURL(let path, let ends):
      let text = path.value(in: page.answer).text ?? ""
      return isOver(ends, page, hasNext: !text.isEmpty).flatMap { isOver in
        isOver || text.isEmpty ? .success(.end(token: nil)) : sameOrigin(PageLink.resolve(text, from: page.url)).map { .token(.text($0)) }
      }
    case .link(let relation):
      guard let target = PageLink.target(of: relation, in: page.links) else { return .success(.end(token: nil)) }
      return sameOrigin(PageLink.resolve(target, from: page.url)).map { .token(.text($0)) }
    case .page(_, let first, let size):
      guard isFull(page, size) else { return .success(.end(token: nil)) }
      return .success(.token(JSON((page.token?.integer ?? first) + 1)))
    case .offset(_, let size, let total): return .success(offset(size, total, page))
    case .keyset(let field, let size, let ties, let total):
      return keyset(field, size, ties, total, page, read)
    case .capped(let inner, let cap):
      let step = step(inner, after: page, read: read)
      guard case .success(.token) = step, (position.walk?.pages ?? 0) + 1 >= cap else { return step }
      return afterCap(cap, page, read)
    }
  }

  /// Whether the answer's flags say that the page is the last. A flag that cannot be read as one ends nothing, nor does one that is not
  /// there although a next page is named: either would be taken for the end of a list that goes on.
  private func isOver(_ ends: Connector.EndFlags, _ page: ReadPage, hasNext: Bool) -> Result<Bool, FeedFailure> {
    for (path, meansOver) in [(ends.stop, true), (ends.more, false)] {
      guard let path else { continue }
      let value = path.value(in: page.answer)
      if value.isNull {
        if meansOver { continue }
        guard path.isNamed(in: page.answer) || !hasNext else { return .failure(missing(path, "the flag that tells whether there is more")) }
        return .success(true)
      }
      guard let flag = value.spokenFlag else {
        let found = String(value.serialized().prefix(40))
        return .failure(
          failure(
            .unexpectedAnswer, "\(path.text) is \(found), where true or false should stand",
            "compare the stream's paging: with the vendor's answer"))
      }
      if flag == meansOver { return .success(true) }
    }
    return .success(false)
  }

  /// Whether a page holds as many records as were asked for.
  private func isFull(_ page: ReadPage, _ size: Int64?) -> Bool { page.records.count >= min(size ?? .max, page.size ?? .max) }

  private func offset(_ size: Int64?, _ total: JSONPath?, _ page: ReadPage) -> PageStep {
    let next = (page.token?.integer ?? 0) + Int64(page.records.count)
    guard let total, let all = total.value(in: page.answer).integer else {
      return !page.records.isEmpty && isFull(page, size) ? .token(JSON(next)) : .end(token: nil)
    }
    // As many records as have left the list may have moved up to places that were read already.
    let gone = (position.walk?.total?.integer).map { max(0, $0 - all) } ?? 0
    if gone > 0, let asked = page.token?.integer, asked > 0 { return .token(JSON(max(0, asked - gone))) }
    return page.records.isEmpty || next >= all ? .end(token: nil) : .token(JSON(next))
  }

  private func keyset(
    _ field: JSONPath, _ size: Int64?, _ ties: Connector.Ties, _ total: JSONPath?, _ page: ReadPage, _ read: (JSONPath, JSON) -> JSON
  ) -> Result<PageStep, FeedFailure> {
    let plan = stream.cursor
    if let tie = position.walk?.tie, case .byID(let plan) = ties { return tied(tie, plan, page, read) }
    let hasShifted = page.token != nil && position.walk?.total != total?.value(in: page.answer)
    if hasShifted, let from = position.walk?.from { return .success(.from(from)) }
    var within: Result<PageStep, FeedFailure> = .success(.end(token: nil))
    if case .paging(let paging) = ties {
      within = step(paging, after: page, read: read)
      if case .success(.end) = within { return within }
    } else if !isFull(page, size) {
      return within
    }
    guard let last = page.records.last else { return .success(.end(token: nil)) }
    guard let time = plan.format.read(read(field, last), at: field.text) else { return .failure(missing(field, "the last record's time")) }
    let from = plan.start(at: time)
    if from > position.walk?.from ?? .distantPast { return .success(.from(from)) }
    if case .byID = ties { return .success(.tie(plan.format.floor(time), last: nil)) }
    if case .success(.token) = within { return within }
    return .failure(
      failure(
        .loop, "\(page.records.count) records share the time \(time); the walk cannot get past them",
        "raise size: above the most records that share one time, or add ties:"))
  }

  private func tied(
    _ time: Instant, _ ties: Connector.TiesByID, _ page: ReadPage, _ read: (JSONPath, JSON) -> JSON
  ) -> Result<PageStep, FeedFailure> {
    let size = ties.request.pageSize?.size(shrunk: position.walk?.shrunk ?? 0) ?? .max
    guard Int64(page.records.count) >= min(ties.size, size), let last = page.records.last else {
      return .success(.from(stream.cursor.start(behind: time)))
    }
    let id = read(ties.last, last)
    return id.isNull ? .failure(missing(ties.last, "the last record's id")) : .success(.tie(time, last: id))
  }

  /// On from the last record's time, since the vendor gives no more pages.
  private func afterCap(_ cap: Int64, _ page: ReadPage, _ read: (JSONPath, JSON) -> JSON) -> Result<PageStep, FeedFailure> {
    let plan = stream.cursor
    guard let last = page.records.last, let time = plan.time(of: last, read) else {
      let names = plan.fields.map(\.text).joined(separator: " | ")
      return .failure(
        failure(
          .unexpectedAnswer, "the last record before the cap of \(cap) pages has no \(names)",
          "compare the field: of the stream's cursor: with the vendor's answer"))
    }
    let from = plan.start(at: time)
    if from > position.walk?.from ?? .distantPast { return .success(.from(from)) }
    return .failure(
      failure(
        .loop, "\(cap) pages of records share the time \(time); the walk cannot get past them",
        "ask for larger pages, so that fewer records than \(cap) pages hold share one time"))
  }

  func missing(_ path: JSONPath, _ what: String) -> FeedFailure {
    failure(.unexpectedAnswer, "the answer has no \(path.text), \(what)", "compare the stream's paging: with the vendor's answer")
  }
}

extension Connector.CursorPlan {
  /// The placeholders its bounds fill.
  var placeholders: [String] {
    switch mode {
    case .list: []
    case .opaque: ["from"]
    case .window: ["from", "to"]
    }
  }

  /// The lower bound that lists records of a time and of all later ones.
  func start(at time: Instant) -> Instant { excludesLowerBound ? format.previous(before: format.floor(time)) : format.floor(time) }

  /// The lower bound that lists what is later than a time.
  func start(behind time: Instant) -> Instant { excludesLowerBound ? format.floor(time) : format.next(after: time) }

  /// Whether a walk from here to there would list nothing.
  func isEmpty(from: Instant, through ceiling: Instant) -> Bool {
    excludesLowerBound || excludesUpperBound || format.isWholeUnit ? from >= ceiling : from > ceiling
  }

  /// The record's own time: the first of its fields that has one.
  func time(of record: JSON, _ read: (JSONPath, JSON) -> JSON) -> Instant? {
    for field in fields {
      if let value = read(field, record).known { return format.read(value, at: field.text) }
    }
    return nil
  }

  func written(from instant: Instant) -> String {
    var from = instant
    if let granularity { from = granularity == .days(1) ? format.zone.startOfDay(from) : from.floored(to: granularity) }
    if format.isWholeUnit, excludesLowerBound { from = format.previous(before: from) }
    return format.write(from)
  }

  /// A day or hour stands for itself as a whole: the last one inside the window is written, unless the vendor leaves it out.
  func written(to ceiling: Instant) -> String {
    format.write(format.isWholeUnit && !excludesUpperBound ? format.previous(before: ceiling) : ceiling)
  }

  /// Where a stretch that begins here ends, after so many halvings of the step.
  func stretch(from: Instant, through target: Instant, shrunk: Int) -> Instant {
    guard let step else { return target }
    let length = Span(microseconds: max(1, step.microseconds >> Int64(shrunk)))
    return min(target, max(format.floor(from + length), format.next(after: from)))
  }
}

extension Connector.Paging {
  /// The path of the next page's token where its absence alone ends a walk, and the answer names nothing there.
  func unnamedToken(in answer: JSON) -> JSONPath? {
    switch self {
    case .token(let path, _, let ends), .nextURL(let path, let ends): ends.isOpen && !path.isNamed(in: answer) ? path : nil
    case .capped(let paging, _): paging.unnamedToken(in: answer)
    default: nil
    }
  }

  /// Where the token goes.
  var placement: Connector.Placement? {
    switch self {
    case .none, .nextURL, .link: nil
    case .token(_, let placement, _), .last(_, let placement, _), .page(let placement, _, _), .offset(let placement, _, _): placement
    case .keyset(_, _, .paging(let ties), _): ties.placement
    case .keyset: nil
    case .capped(let paging, _): paging.placement
    }
  }

  /// Whether its tokens are URLs.
  var followsLinks: Bool {
    switch self {
    case .nextURL, .link: true
    case .keyset(_, _, .paging(let ties), _): ties.followsLinks
    case .capped(let paging, _): paging.followsLinks
    default: false
    }
  }

  /// The answer's count of all records in the window, where the paging watches it.
  var total: JSONPath? {
    switch self {
    case .keyset(_, _, _, let total), .offset(_, _, let total): total
    case .capped(let paging, _): paging.total
    default: nil
    }
  }

  /// The same place after pages of another size; nil: from the first page again.
  func token(_ token: JSON, whereSizeWas old: Int64, isNow new: Int64) -> JSON? {
    switch self {
    case .nextURL, .link: return nil
    case .page(_, let first, _):
      guard let page = token.integer else { return nil }
      return JSON(first + (page - first) * old / new)
    case .keyset(_, _, .paging(let ties), _): return ties.token(token, whereSizeWas: old, isNow: new)
    case .capped(let paging, _): return paging.token(token, whereSizeWas: old, isNow: new)
    default: return token
    }
  }
}

extension Connector.EndFlags {
  /// Whether the absence of a token is the only sign of the end.
  var isOpen: Bool { stop == nil && more == nil }
}

extension JSON {
  /// True or false, also as vendors write them who have no such values.
  fileprivate var spokenFlag: Bool? {
    switch scalarText?.lowercased() {
    case "true", "1", "yes": true
    case "false", "0", "no": false
    default: nil
    }
  }
}
