-- A batch is sent as arrays of rows. Cursors go on after the last one, under a lock that is held until the commit.

-- name: lock
SELECT pg_advisory_xact_lock(?);

-- name: last_cursor
SELECT greatest((SELECT max(cursor) FROM event), (SELECT deleted FROM runwright));

-- name: append_batch
SELECT append_batch(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: rebuilds
-- How often rows were put in place by a rebuild.
SELECT rebuilds FROM runwright;

-- name: find_event
SELECT e.cursor FROM event e JOIN flow_run f ON f.key = e.flow_run
WHERE f.id = ? AND e.ordinal = ? AND e.version = ? AND e.at = ? AND e.attempt = ? AND e.kind = ? AND e.state = ?;

-- name: find_log_line
SELECT l.key FROM log_line l JOIN flow_run f ON f.key = l.flow_run
WHERE f.id = ? AND l.ordinal = ? AND l.at = ? AND l.attempt = ? AND l.message = ? LIMIT 1;

-- name: find_metric
SELECT m.key FROM metric m JOIN flow_run f ON f.key = m.flow_run
WHERE f.id = ? AND m.ordinal = ? AND m.at = ? AND m.attempt = ? AND m.name = ? LIMIT 1;

-- name: events_of_flow_run
-- The events of one flow run stand between its first and its last: no index on the log is needed to find them in order.
SELECT e.cursor, e.at, e.flow_run, e.ordinal, e.version, e.attempt, e.kind, e.state, e.data
FROM event e
WHERE e.cursor > greatest(:after, (SELECT first.cursor FROM event first
                                   WHERE first.flow_run = :flow_run AND first.ordinal = 0 AND first.version = 1) - 1)
  AND e.cursor <= (SELECT f.cursor FROM flow_run f WHERE f.key = :flow_run)
  AND e.cursor < :before
  AND e.flow_run + 0 = :flow_run{where}
ORDER BY e.cursor {order} LIMIT :limit;
