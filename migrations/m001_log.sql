-- The log of steps, the events it carries, and whose they are.
-- Instants are microseconds since 1970-01-01T00:00:00Z; bodies, cursors and payloads are canonical JSON.

CREATE TABLE system (
  key INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE kind (
  key INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE stream (
  key INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- What the engine folds. The events of a records step are those from first_event through last_event; a links step brings home those
-- events in its range whose reference was linked at step linked_at.
CREATE TABLE step (
  sequence INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  type TEXT NOT NULL,
  first_event INTEGER,
  last_event INTEGER,
  linked_at INTEGER,
  payload TEXT
) STRICT;

-- Rows are never rewritten but for seen_at and superseded, which the log does not read.
CREATE TABLE event (
  key INTEGER PRIMARY KEY,
  step INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  system INTEGER NOT NULL,
  stream INTEGER NOT NULL,
  source_id TEXT NOT NULL,
  version INTEGER NOT NULL,             -- an entity's source time; 0 for an occurrence
  revision INTEGER NOT NULL,            -- counts differing contents told for one version, from 0
  at INTEGER NOT NULL,
  observed_at INTEGER NOT NULL,
  knowable_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,             -- the latest source time at which the same content was told again
  account_ref INTEGER,
  person_ref INTEGER,
  person INTEGER,
  superseded INTEGER NOT NULL DEFAULT 0,
  body TEXT NOT NULL,
  UNIQUE (kind, system, source_id, version, revision)
) STRICT;

CREATE INDEX event_by_account ON event (account_ref, kind);

CREATE TABLE account (
  key INTEGER PRIMARY KEY,
  system INTEGER NOT NULL,
  external_id TEXT NOT NULL,
  name TEXT,
  named_at INTEGER,
  created_step INTEGER NOT NULL
) STRICT;

-- An account as a system names it, linked or not.
CREATE TABLE account_ref (
  key INTEGER PRIMARY KEY,
  system INTEGER NOT NULL,
  external_id TEXT NOT NULL,
  UNIQUE (system, external_id)
) STRICT;

-- A link holds from its step on.
CREATE TABLE account_link (
  ref INTEGER NOT NULL,
  linked_step INTEGER NOT NULL,
  account INTEGER NOT NULL,
  provenance TEXT NOT NULL,
  PRIMARY KEY (ref, linked_step)
) STRICT, WITHOUT ROWID;

CREATE INDEX account_link_by_step ON account_link (linked_step);
CREATE INDEX account_link_by_account ON account_link (account);

-- The one place where names and addresses stand beside a person's number.
CREATE TABLE person (
  key INTEGER PRIMARY KEY,
  name TEXT,
  email TEXT,
  named_at INTEGER,
  created_step INTEGER NOT NULL
) STRICT;

CREATE TABLE person_link (
  key INTEGER PRIMARY KEY,
  system INTEGER NOT NULL,
  external_id TEXT NOT NULL,
  person INTEGER NOT NULL,
  linked_step INTEGER NOT NULL,
  UNIQUE (system, external_id)
) STRICT;

CREATE INDEX person_link_by_person ON person_link (person);

-- References that two things claim: left as they stood, for a person to settle.
CREATE TABLE link_conflict (
  subject TEXT NOT NULL,                -- account or person
  system INTEGER NOT NULL,
  external_id TEXT NOT NULL,
  holder INTEGER NOT NULL,
  claimant INTEGER NOT NULL,
  step INTEGER NOT NULL,
  PRIMARY KEY (subject, system, external_id, claimant)
) STRICT, WITHOUT ROWID;

CREATE TABLE stream_state (
  stream INTEGER PRIMARY KEY,
  system INTEGER NOT NULL,
  cursor TEXT,
  kinds TEXT NOT NULL,
  known_from INTEGER,
  complete_through INTEGER,
  last_success INTEGER,
  last_failure INTEGER,
  last_error TEXT
) STRICT;

CREATE TABLE config_version (
  digest TEXT PRIMARY KEY,
  content TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
