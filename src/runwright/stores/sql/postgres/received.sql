-- Cursors go on after the last one, under a lock that is held until the commit, as those of the log.

-- name: keep
INSERT INTO received_event (cursor, id, at, name, resource, received, body)
SELECT (SELECT coalesce(max(cursor), 0) FROM received_event) + row_number() OVER (ORDER BY fresh.place),
       fresh.id, fresh.at, fresh.name, fresh.resource, fresh.received, fresh.body
FROM (
    SELECT DISTINCT ON (new.id) new.*
    FROM unnest(?::received_event[]) WITH ORDINALITY AS new (cursor, id, at, name, resource, received, body, place)
    ORDER BY new.id, new.place
) AS fresh
WHERE NOT EXISTS (SELECT 1 FROM received_event old WHERE old.id = fresh.id);

-- name: bodies
SELECT id, body FROM received_event WHERE id = ANY(?);
