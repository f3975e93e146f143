-- Key-values: what flows keep under keys of a namespace. No part of the log.

-- name: find
SELECT namespace, key, value, type, created, updated, version, expires, description
FROM key_value WHERE namespace = ? AND key = ?;

-- name: list
SELECT namespace, key, value, type, created, updated, version, expires, description
FROM key_value
WHERE namespace = :namespace AND key >= :prefix AND substr(key, 1, length(:prefix)) = :prefix
      AND (expires IS NULL OR expires > :at)
ORDER BY key;

-- name: put
INSERT INTO key_value (namespace, key, value, type, created, updated, version, expires, description)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (namespace, key) DO UPDATE SET
    value = excluded.value, type = excluded.type, created = excluded.created, updated = excluded.updated,
    version = excluded.version, expires = excluded.expires, description = excluded.description;

-- name: delete
DELETE FROM key_value WHERE namespace = ? AND key = ?;

-- name: delete_expired
DELETE FROM key_value WHERE namespace = ? AND expires <= ?;
