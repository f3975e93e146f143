-- What is appended, and how it is read back in order.

-- name: key_of_flow_run
SELECT key FROM flow_run WHERE id = ?;

-- name: events
SELECT e.cursor, e.at, f.id, e.ordinal, e.version, e.attempt, e.kind, e.state, e.data
FROM event e JOIN flow_run f ON f.key = e.flow_run
WHERE e.cursor > :after AND e.cursor < :before AND (e.ordinal = :ordinal OR :ordinal IS NULL){where}
ORDER BY e.cursor {order} LIMIT :limit;

-- name: events_of_task_run
SELECT e.cursor, e.at, e.flow_run, e.ordinal, e.version, e.attempt, e.kind, e.state, e.data
FROM event e
WHERE e.flow_run = :flow_run AND e.ordinal = :ordinal AND e.cursor > :after AND e.cursor < :before{where}
ORDER BY e.version {order} LIMIT :limit;

-- name: all_events
-- For a rebuild, which has no rows to join: CREATED carries the id of its flow run.
SELECT cursor, at, flow_run, ordinal, version, attempt, kind, state, data
FROM event WHERE cursor > ? ORDER BY cursor LIMIT ?;
