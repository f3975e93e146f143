-- Trigger states: how far the triggers of registered flows have come. No part of the log.

-- name: find
SELECT namespace, flow, trigger_id, due, is_disabled, data, created, updated, version
FROM trigger_state WHERE namespace = ? AND flow = ? AND trigger_id = ?;

-- name: list
SELECT namespace, flow, trigger_id, due, is_disabled, data, created, updated, version
FROM trigger_state
WHERE (:namespace IS NULL OR namespace = :namespace) AND (:flow IS NULL OR flow = :flow)
ORDER BY namespace, flow, trigger_id;

-- name: due
SELECT namespace, flow, trigger_id, due, is_disabled, data, created, updated, version
FROM trigger_state WHERE due <= ? AND NOT is_disabled ORDER BY due, namespace, flow, trigger_id;

-- name: put
REPLACE INTO trigger_state (namespace, flow, trigger_id, due, is_disabled, data, created, updated, version)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: delete
DELETE FROM trigger_state WHERE namespace = ? AND flow = ? AND trigger_id = ?;

-- name: count_flow_versions
SELECT count(*) FROM flow;
