-- What people should hear of, and what was or will be sent.

CREATE TABLE notice (
  key INTEGER PRIMARY KEY,
  step INTEGER NOT NULL,
  ordinal INTEGER NOT NULL,
  account INTEGER NOT NULL,
  at INTEGER NOT NULL,
  topic TEXT NOT NULL,
  content TEXT NOT NULL,
  settled INTEGER NOT NULL DEFAULT 0,   -- 1 once its deliveries are frozen, or none is wanted
  UNIQUE (step, ordinal)
) STRICT;

CREATE INDEX notice_pending ON notice (key) WHERE settled = 0;

-- created_at is business time; next_attempt_at and the rest are wall time.
CREATE TABLE delivery (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  sink TEXT NOT NULL,
  account INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  body BLOB NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending',
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt_at INTEGER NOT NULL DEFAULT 0,
  last_attempt_at INTEGER,
  last_status INTEGER,
  last_error TEXT,
  UNIQUE (sink, account, sequence)
) STRICT;

CREATE INDEX delivery_due ON delivery (next_attempt_at, key) WHERE state = 'pending';
CREATE INDEX delivery_by_account ON delivery (account);

CREATE TABLE delivery_notice (
  delivery INTEGER NOT NULL,
  notice INTEGER NOT NULL,
  PRIMARY KEY (delivery, notice)
) STRICT, WITHOUT ROWID;

CREATE INDEX delivery_notice_by_notice ON delivery_notice (notice);
