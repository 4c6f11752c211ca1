import Events
import GRDB

/// NRR, GRR and logo churn from raw subscription rows in plain SQL: written apart from the ledger and sharing none of its code.
///
/// Every amount is a whole number of parts of a minor unit, so few that 64 bits hold them and so many that each month's share is exact.
struct SQLOracle {
  struct Row: Hashable {
    let cut: String
    let n: Int64
    let lost: Int64
    let start: Int64
    let kept: Int64
    let retained: Int64
  }

  private let queue: DatabaseQueue

  init(_ billing: RandomBilling) throws {
    queue = try DatabaseQueue()
    try queue.write { db in
      try db.execute(sql: Self.schema)
      for (code, rate) in RandomBilling.rates {
        try db.cachedStatement(sql: "INSERT INTO rate VALUES (?, ?)").execute(arguments: [code, rate])
      }
      for merger in billing.mergers {
        let day = Int64(date(merger.day).number)
        try db.cachedStatement(sql: "INSERT INTO merger VALUES (?, ?, ?, ?)").execute(arguments: [merger.from, merger.to, day, merger.line])
      }
      for account in billing.accounts { try Self.insert(account, db) }
    }
  }

  private static func insert(_ account: RandomBilling.Account, _ db: Database) throws {
    for (day, name) in account.segments {
      try db.cachedStatement(sql: "INSERT INTO segment VALUES (?, ?, ?)").execute(arguments: [account.key, Int64(day.number), name])
    }
    for (index, versions) in account.subscriptions.enumerated() {
      for version in versions {
        try db.cachedStatement(
          sql: "INSERT INTO version (account, subscription, at, status, started_at, ended_at) VALUES (?, ?, ?, ?, ?, ?)"
        ).execute(arguments: [
          account.key, account.key * 100 + Int64(index), version.at.microseconds, version.status, version.startedAt?.microseconds,
          version.endedAt?.microseconds,
        ])
        let id = db.lastInsertedRowID
        for item in version.items {
          try db.cachedStatement(sql: "INSERT INTO item VALUES (?, ?, ?, ?, ?, ?, ?, ?)").execute(arguments: [
            id, String(item.plan.prefix(4)), item.halves, item.quarters, item.currency, item.interval, item.count, item.metered,
          ])
        }
        for (place, discount) in version.discounts.enumerated() {
          try db.cachedStatement(sql: "INSERT INTO discount VALUES (?, ?, ?, ?, ?)").execute(arguments: [
            id, place, discount.percent, discount.amount, discount.endsAt?.microseconds,
          ])
        }
      }
    }
  }

  /// The figures in total and by segment, in order of cut.
  func figures(from: Day, to: Day) throws -> [Row] {
    try queue.read { db in
      try GRDB.Row.fetchAll(db, sql: Self.query, arguments: ["t0": Int64(from.number), "t1": Int64(to.number)]).map { row in
        Row(cut: row["cut"], n: row["n"], lost: row["lost"], start: row["start"], kept: row["kept"], retained: row["retained"])
      }
    }
  }

  private static let schema = """
    CREATE TABLE version (id INTEGER PRIMARY KEY, account INTEGER, subscription INTEGER, at INTEGER, status TEXT,
      started_at INTEGER, ended_at INTEGER);
    CREATE INDEX version_by_subscription ON version (subscription, at);
    CREATE TABLE item (version INTEGER, line TEXT, halves INTEGER, quarters INTEGER, currency TEXT, interval TEXT, count INTEGER,
      metered INTEGER);
    CREATE INDEX item_by_version ON item (version);
    CREATE TABLE discount (version INTEGER, place INTEGER, percent INTEGER, amount INTEGER, ends_at INTEGER);
    CREATE INDEX discount_by_version ON discount (version);
    CREATE TABLE rate (currency TEXT PRIMARY KEY, cents INTEGER);
    CREATE TABLE segment (account INTEGER, day INTEGER, name TEXT);
    CREATE TABLE merger (source INTEGER, target INTEGER, day INTEGER, line TEXT);
    """

  /// 2 (halves) · 4 (quarters) · 100 (rates) · 144 (months of an interval) · 100 · 100 (two discounts in per cent).
  private static let parts: Int64 = 2 * 4 * 100 * 144 * 100 * 100

  private static let query = """
    WITH
    -- The ends of the days whose levels are needed.
    asked (day, now) AS MATERIALIZED (
      SELECT day, (day + 1) * 86400000000 - 1
      FROM (SELECT :t0 AS day UNION SELECT :t1 UNION SELECT day FROM merger UNION SELECT day - 1 FROM merger)
    ),
    -- The 144ths of an interval's price that fall on a month; nothing for an interval nobody knows.
    priced AS MATERIALIZED (
      SELECT item.version, item.line, item.metered,
        CASE interval WHEN 'month' THEN 144 / count WHEN 'year' THEN 12 / count WHEN 'week' THEN 52 * 12 / count
          WHEN 'day' THEN 365 * 12 / count END AS months,
        halves * quarters AS price, cents
      FROM item JOIN rate USING (currency)
    ),
    readable AS MATERIALIZED (
      SELECT id FROM version WHERE id NOT IN (SELECT version FROM priced WHERE NOT metered AND months IS NULL)
    ),
    -- The version in force, or the first one for the time since its start.
    force AS MATERIALIZED (
      SELECT asked.day, asked.now, v.id, v.subscription, v.account, v.at, v.status, v.started_at, v.ended_at, 0 AS backdated
      FROM asked JOIN version AS v ON v.at = (SELECT MAX(at) FROM version WHERE subscription = v.subscription AND at <= asked.now)
      UNION ALL
      SELECT asked.day, asked.now, v.id, v.subscription, v.account, v.at, v.status, v.started_at, v.ended_at, 1
      FROM asked JOIN version AS v ON v.at = (SELECT MIN(at) FROM version WHERE subscription = v.subscription)
      WHERE v.at > asked.now AND v.started_at <= asked.now AND v.started_at < v.at
        AND (v.status IN ('active', 'past_due', 'unpaid')
          OR (v.status = 'canceled' AND COALESCE(v.ended_at, v.at) > v.started_at))
    ),
    paying AS MATERIALIZED (
      SELECT force.*,
        -- Where the version cannot be read, the last one before it that can.
        (SELECT id FROM version AS r WHERE r.subscription = force.subscription AND r.at <= force.at AND r.id IN readable
         ORDER BY r.at DESC LIMIT 1) AS content
      FROM force
      WHERE COALESCE(started_at <= now, 1) AND COALESCE(ended_at > now, 1)
        AND (backdated OR status = 'active' OR (status IN ('past_due', 'unpaid') AND now < 30 * 86400000000 + (
          SELECT MIN(late.at) FROM version AS late
          WHERE late.subscription = force.subscription AND late.at <= force.at AND late.status IN ('past_due', 'unpaid')
            AND NOT EXISTS (SELECT 1 FROM version AS good WHERE good.subscription = late.subscription
              AND good.at BETWEEN late.at AND force.at AND good.status NOT IN ('past_due', 'unpaid')))))
    ),
    -- A subscription's contract by line, in parts.
    contract AS MATERIALIZED (
      SELECT p.day, p.account, p.subscription, p.content, p.now, i.line,
        SUM(i.price * i.months * i.cents) * 10000 AS amount
      FROM paying AS p JOIN priced AS i ON i.version = p.content
      WHERE NOT i.metered GROUP BY p.day, p.subscription, i.line
    ),
    -- An amount comes off each invoice, and there is one an interval.
    off AS MATERIALIZED (
      SELECT d.version, d.place, d.percent, d.ends_at,
        d.amount * (SELECT MAX(months) FROM priced WHERE version = d.version AND NOT metered)
          * (SELECT cents FROM priced WHERE version = d.version AND NOT metered LIMIT 1) * 8 * 10000 AS amount
      FROM discount AS d
    ),
    first_off AS MATERIALIZED (
      SELECT c.*, CASE WHEN d.percent IS NOT NULL THEN amount_c * (100 - d.percent) / 100
        WHEN d.amount IS NOT NULL THEN MAX(amount_c - d.amount, 0) ELSE amount_c END AS once
      FROM (SELECT contract.*, amount AS amount_c FROM contract) AS c
      LEFT JOIN off AS d ON d.version = c.content AND d.place = 0 AND COALESCE(d.ends_at > c.now, 1)
    ),
    net AS MATERIALIZED (
      SELECT f.day, f.account, f.line, CASE WHEN d.percent IS NOT NULL THEN once * (100 - d.percent) / 100
        WHEN d.amount IS NOT NULL THEN MAX(once - d.amount, 0) ELSE once END AS amount
      FROM first_off AS f
      LEFT JOIN off AS d ON d.version = f.content AND d.place = 1 AND COALESCE(d.ends_at > f.now, 1)
    ),
    -- Each line is rounded once a day, halves up.
    line_level AS MATERIALIZED (
      SELECT day, account, line, (2 * SUM(amount) + \(parts)) / (2 * \(parts)) AS mrr FROM net GROUP BY day, account, line
    ),
    level AS MATERIALIZED (SELECT day, account, SUM(mrr) AS mrr FROM line_level GROUP BY day, account),
    account AS (SELECT DISTINCT account AS key FROM version),
    -- What a merger moved: at most what the one lost and at most what the other won, and of that what is still there.
    moved AS MATERIALIZED (
      SELECT source, target, MIN(
        COALESCE((SELECT mrr FROM line_level AS l WHERE l.account = target AND l.day = :t1 AND l.line = merger.line), 0),
        COALESCE((SELECT mrr FROM level WHERE account = source AND level.day = merger.day - 1), 0),
        COALESCE((SELECT mrr FROM level WHERE account = target AND level.day = merger.day), 0)
          - COALESCE((SELECT mrr FROM level WHERE account = target AND level.day = merger.day - 1), 0)) AS amount
      FROM merger WHERE day > :t0 AND day <= :t1
    ),
    pair AS MATERIALIZED (
      SELECT key, COALESCE((SELECT name FROM segment WHERE account = key AND day <= :t0 ORDER BY day DESC LIMIT 1), '') AS name,
        COALESCE((SELECT mrr FROM level WHERE account = key AND day = :t0), 0) AS m0,
        COALESCE((SELECT mrr FROM level WHERE account = key AND day = :t1), 0) AS m1
      FROM account
    ),
    settled AS MATERIALIZED (
      SELECT key, name, m0, m1
        + COALESCE((SELECT amount FROM moved WHERE source = pair.key), 0)
        - COALESCE((SELECT amount FROM moved WHERE target = pair.key), 0) AS m1
      FROM pair WHERE m0 > 0
    )
    SELECT 'total' AS cut, COUNT(*) AS n, COALESCE(SUM(m1 = 0), 0) AS lost, COALESCE(SUM(m0), 0) AS start, COALESCE(SUM(m1), 0) AS kept,
      COALESCE(SUM(MIN(m0, m1)), 0) AS retained FROM settled
    UNION ALL
    SELECT CASE name WHEN '' THEN 'unknown' ELSE name END, COUNT(*), SUM(m1 = 0), SUM(m0), SUM(m1), SUM(MIN(m0, m1)) FROM settled GROUP BY 1
    ORDER BY cut
    """
}
