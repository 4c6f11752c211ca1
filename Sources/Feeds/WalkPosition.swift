internal import Events

/// Where a stream stands: what is read for good, and how far an unfinished walk has come. Stored with every page.
struct WalkPosition: Hashable, Sendable {
  /// Where the first walk began, or the end of the last hole.
  var knownFrom: Instant?
  /// The upper bound of the last finished walk.
  var through: Instant?
  /// The vendor's own token, of an opaque cursor.
  var token: JSON?
  /// When a backfill was last finished.
  var listedAt: Instant?
  var walk: Walk?

  /// A walk under way.
  struct Walk: Hashable, Sendable {
    /// Where it began; a restart begins there again.
    var floor: Instant?
    /// The lower bound now asked for: the floor, or the last record's time under keyset paging.
    var from: Instant?
    /// The upper bound asked for.
    var ceiling: Instant?
    /// What the upper bound is worth by the server's clock.
    var bound: Instant?
    /// The token, URL or page number of the next page.
    var token: JSON?
    /// How many records the window held when the last page was read.
    var total: JSON?
    /// The time whose records are being paged by id.
    var tie: Instant?
    /// Pages read since `from` was last moved.
    var pages: Int64 = 0
    /// How often the vendor wanted to be asked for less.
    var shrunk = 0
    /// Where the last stretch of a walk by steps ends.
    var target: Instant?

    /// More halvings than any size or step has.
    static let shrinkLimit: Int64 = 60
  }

  init() {}

  /// Reads a stored cursor; null or anything unreadable is the beginning.
  init(_ json: JSON) {
    knownFrom = Self.instant(json["known_from"])
    through = Self.instant(json["through"])
    token = json["token"].known
    listedAt = Self.instant(json["listed_at"])
    let stored = json["walk"]
    guard stored.object != nil else { return }
    walk = Walk(
      floor: Self.instant(stored["floor"]), from: Self.instant(stored["from"]), ceiling: Self.instant(stored["ceiling"]),
      bound: Self.instant(stored["bound"]), token: stored["token"].known, total: stored["total"].known, tie: Self.instant(stored["tie"]),
      pages: max(0, stored["pages"].integer ?? 0), shrunk: Int(min(max(0, stored["shrunk"].integer ?? 0), Self.Walk.shrinkLimit)),
      target: Self.instant(stored["target"]))
  }

  var json: JSON {
    var members: [String: JSON] = ["known_from": JSON(knownFrom), "through": JSON(through), "listed_at": JSON(listedAt)]
    members["token"] = token
    if let walk {
      let stored: [String: JSON] = [
        "floor": JSON(walk.floor), "from": JSON(walk.from), "ceiling": JSON(walk.ceiling), "bound": JSON(walk.bound),
        "token": walk.token ?? .null, "total": walk.total ?? .null, "tie": JSON(walk.tie), "target": JSON(walk.target),
        "pages": walk.pages == 0 ? .null : JSON(walk.pages), "shrunk": walk.shrunk == 0 ? .null : JSON(walk.shrunk),
      ]
      members["walk"] = .object(stored.filter { !$0.value.isNull })
    }
    return .object(members.filter { !$0.value.isNull })
  }

  private static func instant(_ json: JSON) -> Instant? { json.text.flatMap(Instant.init(iso8601:)) }
}

extension Connector.Stream {
  /// Whether the vendor has forgotten what lies between the stored cursor and now.
  func hasHole(cursor: JSON, now: Instant) -> Bool {
    guard let retention = self.cursor.retention, let through = WalkPosition(cursor).through else { return false }
    return through < now - self.cursor.lag - retention
  }

  /// Whether a backfill has been listed to its end, and since the given instant where one is given.
  func isListed(cursor: JSON, since instant: Instant?) -> Bool {
    let position = WalkPosition(cursor)
    guard position.walk == nil, let listedAt = position.listedAt else { return false }
    return instant.map { listedAt >= $0 } ?? true
  }
}
