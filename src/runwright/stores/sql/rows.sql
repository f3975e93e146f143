-- What the fold asks of the rows before it, and how its rows are put in their place.

-- name: find_flow
SELECT f.key, (SELECT count(*) FROM task WHERE task.flow = f.key) FROM flow f WHERE f.name = ? AND f.version = ?;

-- name: width_of
SELECT count(*) FROM task WHERE flow = ?;

-- name: next_key
SELECT coalesce(max(key), 0) + 1 FROM flow_run;

-- name: find_flow_run
SELECT key, id, flow, name, state, version, created, start_time, end_time, scheduled_start_time, updated, cursor, ordinals,
       message, parameters, source, extra, details
FROM flow_run WHERE id = ?;

-- name: find_task_run
SELECT flow_run, ordinal, parent, task, map_index, state, version, attempt, created, start_time, end_time, updated, due, name,
       message, result, details, value
FROM task_run WHERE flow_run = ? AND ordinal = ?;

-- name: find_attempt
SELECT flow_run, ordinal, attempt, state, start_time, end_time, message
FROM attempt WHERE flow_run = ? AND ordinal = ? AND attempt = ?;

-- name: find_expansion
SELECT flow_run, first, parent, count, task, at, plan
FROM expansion WHERE flow_run = ? AND first <= ? AND count > 0 ORDER BY first DESC LIMIT 1;
