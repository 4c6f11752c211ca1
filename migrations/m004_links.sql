-- Links by version, persons that turned out to be one, and what a mapping file says.

-- What a reference stands for from a step on; a null account: nothing.
CREATE TABLE account_link_version (
  ref INTEGER NOT NULL,
  linked_step INTEGER NOT NULL,
  account INTEGER,
  provenance TEXT NOT NULL,
  confidence INTEGER NOT NULL,          -- per cent
  PRIMARY KEY (ref, linked_step)
) STRICT, WITHOUT ROWID;

INSERT INTO account_link_version (ref, linked_step, account, provenance, confidence)
SELECT ref, linked_step, account, provenance, CASE provenance WHEN 'mapping' THEN 90 ELSE 95 END FROM account_link;

DROP TABLE account_link;
ALTER TABLE account_link_version RENAME TO account_link;
CREATE INDEX account_link_by_step ON account_link (linked_step);
CREATE INDEX account_link_by_account ON account_link (account);

-- The links in force.
CREATE VIEW account_link_now AS
SELECT ref, linked_step, account, provenance, confidence FROM account_link AS link
WHERE account IS NOT NULL AND linked_step = (SELECT max(linked_step) FROM account_link WHERE ref = link.ref);

-- From a step on, a contact's number stands for another's; event rows keep the number they were stored under. A contact never merges
-- into anybody, so there are no chains.
CREATE TABLE person_merge (
  person INTEGER PRIMARY KEY,
  step INTEGER NOT NULL,
  survivor INTEGER NOT NULL
) STRICT;

CREATE INDEX person_merge_by_survivor ON person_merge (survivor);
CREATE INDEX event_by_person ON event (person) WHERE person IS NOT NULL;

-- 1 once a contact record told who the person is; such a person never disappears into another.
ALTER TABLE person ADD COLUMN is_contact INTEGER NOT NULL DEFAULT 0;
UPDATE person SET is_contact = 1 WHERE named_at IS NOT NULL;

-- The mapping file as last read.
CREATE TABLE link_mapping (
  subject TEXT NOT NULL,                -- account or person
  system TEXT NOT NULL,
  external_id TEXT NOT NULL,
  target TEXT NOT NULL,                 -- an id or the name of an account; a contact's id or address
  PRIMARY KEY (subject, system, external_id)
) STRICT, WITHOUT ROWID;
