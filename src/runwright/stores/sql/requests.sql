-- Requests: asked by anyone, answered by the owner of their flow run.

-- name: ask
INSERT INTO request (id, flow_run, at, intent, ordinal, data, by) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING;

-- name: one
SELECT r.id, f.id, r.intent, r.ordinal, r.data, r.by, r.at, r.taken_at, r.answer
FROM request r JOIN flow_run f ON f.key = r.flow_run WHERE r.id = ?;

-- name: open_of_flow_run
SELECT r.id, f.id, r.intent, r.ordinal, r.data, r.by, r.at, r.taken_at, r.answer
FROM flow_run f JOIN request r ON r.flow_run = f.key AND r.answer IS NULL WHERE f.id = ? ORDER BY r.key;

-- name: all_open
SELECT r.id, f.id, r.intent, r.ordinal, r.data, r.by, r.at, r.taken_at, r.answer
FROM request r JOIN flow_run f ON f.key = r.flow_run WHERE r.answer IS NULL ORDER BY r.key;

-- name: all_of_flow_run
SELECT r.id, f.id, r.intent, r.ordinal, r.data, r.by, r.at, r.taken_at, r.answer
FROM flow_run f JOIN request r ON r.flow_run = f.key WHERE f.id = ? ORDER BY r.key;

-- name: all
SELECT r.id, f.id, r.intent, r.ordinal, r.data, r.by, r.at, r.taken_at, r.answer
FROM request r JOIN flow_run f ON f.key = r.flow_run ORDER BY r.key;

-- name: answer
UPDATE request SET taken_at = ?, answer = ? WHERE id = ?;
