-- What the engine made of the log: its position, states, findings and scores, written together.

CREATE TABLE engine (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  position INTEGER NOT NULL,
  portfolio TEXT NOT NULL
) STRICT;

CREATE TABLE account_state (
  account INTEGER PRIMARY KEY,
  position INTEGER NOT NULL,
  state TEXT NOT NULL
) STRICT;

-- Where each finding stands now.
CREATE TABLE finding (
  key INTEGER PRIMARY KEY,
  rule TEXT NOT NULL,
  subject TEXT NOT NULL,
  episode INTEGER NOT NULL,
  account INTEGER NOT NULL,
  state TEXT NOT NULL,
  level TEXT NOT NULL,
  reason TEXT NOT NULL,
  began_at INTEGER NOT NULL,
  fired_at INTEGER,
  changed_at INTEGER NOT NULL,
  step INTEGER NOT NULL,
  ordinal INTEGER NOT NULL,
  evidence TEXT NOT NULL,
  UNIQUE (rule, subject, episode)
) STRICT;

CREATE INDEX finding_by_account ON finding (account);
CREATE INDEX finding_open ON finding (account) WHERE state <> 'resolved';

CREATE TABLE finding_transition (
  key INTEGER PRIMARY KEY,
  rule TEXT NOT NULL,
  subject TEXT NOT NULL,
  episode INTEGER NOT NULL,
  step INTEGER NOT NULL,
  ordinal INTEGER NOT NULL,
  account INTEGER NOT NULL,
  at INTEGER NOT NULL,
  from_state TEXT,
  to_state TEXT NOT NULL,
  level TEXT NOT NULL,
  reason TEXT NOT NULL,
  evidence TEXT NOT NULL,
  UNIQUE (rule, subject, episode, step, ordinal)
) STRICT;

CREATE INDEX finding_transition_by_account ON finding_transition (account);

CREATE TABLE score (
  key INTEGER PRIMARY KEY,
  account INTEGER NOT NULL,
  step INTEGER NOT NULL,
  at INTEGER NOT NULL,
  content TEXT NOT NULL
) STRICT;

CREATE INDEX score_by_account ON score (account);
