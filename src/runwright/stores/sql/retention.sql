-- What is deleted of a record. A flow run is known by its key everywhere but in leases and slots.

-- name: find
-- It has ended, nobody holds it, and nothing is asked of it.
SELECT f.key FROM flow_run f
WHERE f.id = :id AND f.state BETWEEN 11 AND 23
  AND NOT EXISTS (SELECT 1 FROM lease l WHERE l.flow_run = f.id AND l.owner <> '' AND l.expires > :now)
  AND NOT EXISTS (SELECT 1 FROM request r WHERE r.flow_run = f.key AND r.answer IS NULL);

-- name: count_log_lines
SELECT count(*) FROM log_line WHERE flow_run = ?;

-- name: count_metrics
SELECT count(*) FROM metric WHERE flow_run = ?;

-- name: delete_all
DELETE FROM {table} WHERE flow_run = ?;

-- name: delete_flow_run
DELETE FROM flow_run WHERE key = ?;

-- name: count_some_log_lines
SELECT count(*) FROM log_line WHERE flow_run = :key AND at >= :since AND at < :until AND {levels};

-- name: delete_some_log_lines
DELETE FROM log_line WHERE flow_run = :key AND at >= :since AND at < :until AND {levels};

-- name: keep_last_cursor
-- A record in a file notes it by a trigger.
SELECT 1;
