-- Cards: small documents beside all runs. No part of the log.

-- name: find
SELECT kind, name, data, created, updated, version FROM card WHERE kind = ? AND name = ?;

-- name: list
SELECT kind, name, data, created, updated, version
FROM card WHERE kind = :kind AND name > :after ORDER BY name LIMIT :limit;

-- name: list_newest_first
SELECT kind, name, data, created, updated, version
FROM card WHERE kind = :kind AND (name < :after OR :after = '') ORDER BY name DESC LIMIT :limit;

-- name: put
INSERT INTO card (kind, name, data, created, updated, version) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (kind, name) DO UPDATE SET
    data = excluded.data, created = excluded.created, updated = excluded.updated, version = excluded.version;

-- name: delete
DELETE FROM card WHERE kind = ? AND name = ? RETURNING 1;
