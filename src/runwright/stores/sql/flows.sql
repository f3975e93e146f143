-- Versions of flows, with their tasks.

-- name: find_by_fingerprint
SELECT key FROM flow WHERE name = ? AND fingerprint = ?;

-- name: add_flow
INSERT INTO flow (key, id, name, version, fingerprint, created, source, edges, document)
VALUES ((SELECT coalesce(max(key), 0) + 1 FROM flow), ?, ?, (SELECT coalesce(max(version), 0) + 1 FROM flow WHERE name = ?),
        ?, ?, ?, ?, ?)
RETURNING key;

-- name: add_tasks
-- All tasks of a flow come as one list, in their order.
INSERT INTO task (flow, idx, slug, name, is_mapped, tags, policies)
SELECT ?, key, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?);

-- name: flows
SELECT key, id, name, version, fingerprint, created, source, edges, document FROM flow
WHERE (name = :name OR :name IS NULL) AND (id = :id OR :id IS NULL) AND (key = :key OR :key IS NULL)
ORDER BY key DESC;

-- name: tasks
SELECT slug, name, is_mapped, tags, policies FROM task WHERE flow = ? ORDER BY idx;

-- name: add_project
INSERT INTO project (id, name, description, created) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: find_project
SELECT id, name, description, created FROM project WHERE name = ?;
