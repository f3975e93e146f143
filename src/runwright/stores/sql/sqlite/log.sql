-- What is appended, and how it is read back in order.

-- name: last_cursor
SELECT max(coalesce((SELECT max(cursor) FROM event), 0), coalesce((SELECT cursor FROM deleted_event), 0));

-- name: append_event
INSERT INTO event (cursor, at, flow_run, ordinal, version, attempt, kind, state, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: append_log_line
INSERT INTO log_line (at, flow_run, ordinal, attempt, level, logger, message) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: append_metric
INSERT INTO metric (at, flow_run, ordinal, attempt, name, value, kind, tags) VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: events_of_flow_run
-- The events of one flow run stand between its first and its last: no index on the log is needed to find them in order.
SELECT e.cursor, e.at, e.flow_run, e.ordinal, e.version, e.attempt, e.kind, e.state, e.data
FROM event e
WHERE e.cursor > max(:after, (SELECT first.cursor FROM event first
                              WHERE first.flow_run = :flow_run AND first.ordinal = 0 AND first.version = 1) - 1)
  AND e.cursor <= (SELECT f.cursor FROM flow_run f WHERE f.key = :flow_run)
  AND e.cursor < :before
  AND +e.flow_run = :flow_run{where}
ORDER BY e.cursor {order} LIMIT :limit;
