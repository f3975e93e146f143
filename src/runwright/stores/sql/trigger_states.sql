-- Trigger states: how far the triggers of registered flows have come. No part of the log.

-- name: find
SELECT namespace, flow, trigger_id, due, is_disabled, data, created, updated, version
FROM trigger_state WHERE namespace = ? AND flow = ? AND trigger_id = ?;

-- name: list
SELECT namespace, flow, trigger_id, due, is_disabled, data, created, updated, version
FROM trigger_state
WHERE (namespace = :namespace OR :namespace IS NULL) AND (flow = :flow OR :flow IS NULL)
ORDER BY namespace, flow, trigger_id;

-- name: due
SELECT namespace, flow, trigger_id, due, is_disabled, data, created, updated, version
FROM trigger_state WHERE due <= ? AND is_disabled = 0 ORDER BY due, namespace, flow, trigger_id;

-- name: put
INSERT INTO trigger_state (namespace, flow, trigger_id, due, is_disabled, data, created, updated, version)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (namespace, flow, trigger_id) DO UPDATE SET
    due = excluded.due, is_disabled = excluded.is_disabled, data = excluded.data, created = excluded.created,
    updated = excluded.updated, version = excluded.version;

-- name: delete
DELETE FROM trigger_state WHERE namespace = ? AND flow = ? AND trigger_id = ? RETURNING 1;

-- name: count_flow_versions
SELECT count(*) FROM flow;
