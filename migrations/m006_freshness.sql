-- What `bellwether feeds` and the freshness of a stream need, and every telling of a version.

ALTER TABLE stream_state ADD COLUMN covers INTEGER NOT NULL DEFAULT 0;    -- 1: absence is zero for every paying account
ALTER TABLE stream_state ADD COLUMN holes TEXT NOT NULL DEFAULT '[]';     -- [[from, until], …]: what could not be read, in order
ALTER TABLE stream_state ADD COLUMN lag INTEGER NOT NULL DEFAULT 0;       -- microseconds the source tells late
ALTER TABLE stream_state ADD COLUMN first_tried INTEGER;                  -- business time of the first poll
ALTER TABLE stream_state ADD COLUMN next_poll INTEGER;                    -- business time at which it is due again
ALTER TABLE stream_state ADD COLUMN stale_since INTEGER;                  -- set while the log says that it does not get on

-- What a stream brought, turned away and asked for on each UTC day, for people.
CREATE TABLE stream_day (
  stream INTEGER NOT NULL,
  day INTEGER NOT NULL,                 -- days since 1970-01-01
  records INTEGER NOT NULL,
  rejected INTEGER NOT NULL,
  requests INTEGER NOT NULL,
  PRIMARY KEY (stream, day)
) STRICT, WITHOUT ROWID;

-- The later source times at which an event's content was told again: where a late version parts them, the first after it is a version.
CREATE TABLE told_again (
  event INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (event, at)
) STRICT, WITHOUT ROWID;
