-- Events that programs sent.

-- name: keep
INSERT OR IGNORE INTO received_event (id, at, name, resource, received, body) VALUES (?, ?, ?, ?, ?, ?);

-- name: bodies
SELECT id, body FROM received_event WHERE id = ?;
