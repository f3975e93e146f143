-- Events that programs sent.

-- name: keep
INSERT OR IGNORE INTO received_event (id, at, name, resource, received, body) VALUES (?, ?, ?, ?, ?, ?);
