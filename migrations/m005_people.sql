-- Names, addresses and texts of people stand apart from the events that brought them, so that a person can be forgotten.

-- The personal fields of an event's record, as JSON like its body.
CREATE TABLE person_text (
  event INTEGER PRIMARY KEY,
  content TEXT NOT NULL
) STRICT;

-- The step at which a person was forgotten.
ALTER TABLE person ADD COLUMN forgotten_step INTEGER;

INSERT INTO person_text (event, content)
SELECT key, json_patch('{}', json_object('owner', body -> '$.owner'))
FROM event WHERE kind = (SELECT key FROM kind WHERE name = 'account') AND body -> '$.owner' IS NOT NULL;

INSERT INTO person_text (event, content)
SELECT key, json_patch('{}', json_object('email', body -> '$.email', 'name', body -> '$.name'))
FROM event WHERE kind = (SELECT key FROM kind WHERE name = 'contact')
  AND (body -> '$.email' IS NOT NULL OR body -> '$.name' IS NOT NULL);

INSERT INTO person_text (event, content)
SELECT key, json_patch('{}', json_object('body', body -> '$.body', 'subject', body -> '$.subject'))
FROM event WHERE kind = (SELECT key FROM kind WHERE name = 'ticket')
  AND (body -> '$.body' IS NOT NULL OR body -> '$.subject' IS NOT NULL);

INSERT INTO person_text (event, content)
SELECT key, json_patch('{}', json_object('text', body -> '$.text'))
FROM event WHERE kind = (SELECT key FROM kind WHERE name = 'engagement') AND body -> '$.text' IS NOT NULL;

INSERT INTO person_text (event, content)
SELECT key, json_patch('{}', json_object('comment', body -> '$.comment'))
FROM event WHERE kind = (SELECT key FROM kind WHERE name = 'survey') AND body -> '$.comment' IS NOT NULL;

UPDATE event SET body = json_remove(body, '$.owner') WHERE kind = (SELECT key FROM kind WHERE name = 'account');
UPDATE event SET body = json_remove(body, '$.email', '$.name') WHERE kind = (SELECT key FROM kind WHERE name = 'contact');
UPDATE event SET body = json_remove(body, '$.body', '$.subject') WHERE kind = (SELECT key FROM kind WHERE name = 'ticket');
UPDATE event SET body = json_remove(body, '$.text') WHERE kind = (SELECT key FROM kind WHERE name = 'engagement');
UPDATE event SET body = json_remove(body, '$.comment') WHERE kind = (SELECT key FROM kind WHERE name = 'survey');
