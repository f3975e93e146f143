-- Cursors go on after the last one, under a lock that is held until the commit, as those of the log.

-- name: keep
INSERT INTO received_event (cursor, id, at, name, resource, received, body)
SELECT (SELECT coalesce(max(cursor), 0) FROM received_event) + row_number() OVER (ORDER BY fresh.place),
       fresh.id, fresh.at, fresh.name, fresh.resource, fresh.received, fresh.body
FROM (
    SELECT DISTINCT ON (new.id) new.place, decode(new.id, 'hex') AS id, new.at, new.name, new.resource, new.received, new.body
    FROM unnest(?::text[], ?::bigint[], ?::text[], ?::text[], ?::bigint[], ?::text[])
         WITH ORDINALITY AS new (id, at, name, resource, received, body, place)
    ORDER BY new.id, new.place
) AS fresh
WHERE NOT EXISTS (SELECT 1 FROM received_event old WHERE old.id = fresh.id);

-- name: bodies
SELECT id, body FROM received_event WHERE id IN (SELECT decode(sent.id, 'hex') FROM unnest(?::text[]) AS sent (id));
