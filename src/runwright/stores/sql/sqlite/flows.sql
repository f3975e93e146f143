-- Versions of flows, with their tasks.

-- name: find_by_fingerprint
SELECT key FROM flow WHERE name = ? AND fingerprint = ?;

-- name: add_flow
INSERT INTO flow (id, name, version, fingerprint, created, source, edges)
VALUES (?, ?, (SELECT coalesce(max(version), 0) + 1 FROM flow WHERE name = ?), ?, ?, ?, ?) RETURNING key;

-- name: add_task
INSERT INTO task (flow, idx, slug, name, is_mapped, tags, policies) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: flows
SELECT key, id, name, version, fingerprint, created, source, edges FROM flow
WHERE (:name IS NULL OR name = :name) AND (:id IS NULL OR id = :id) AND (:key IS NULL OR key = :key)
ORDER BY key DESC;

-- name: tasks
SELECT slug, name, is_mapped, tags, policies FROM task WHERE flow = ? ORDER BY idx;
