-- The views. Lines with a placeholder in braces are completed by stores/sqlite/selection.py, which knows the conditions.

-- name: task_run_columns
t.flow_run, t.ordinal, t.parent, t.task, t.map_index, t.state, t.version, t.attempt, t.created, t.start_time, t.end_time,
t.updated, t.due, t.name, t.message, t.result, t.details, t.value, f.id, f.name, w.name, k.slug, k.name, k.tags

-- name: by_expansion
-- Through the flow runs, newest first, and the ranges of their ordinals: rows come in order, and a mapped child is found by its
-- index. CROSS keeps the joins in this order.
FROM flow_run f
CROSS JOIN flow w ON w.key = f.flow
CROSS JOIN expansion x ON x.flow_run = f.key
CROSS JOIN task_run t ON t.flow_run = f.key
                     AND t.ordinal >= x.first + iif(x.task IS NULL, 0, :low)
                     AND t.ordinal <= x.first + iif(x.task IS NULL, x.count - 1, min(x.count - 1, :high))
CROSS JOIN task k ON k.flow = f.flow AND k.idx = t.task

-- name: by_state
-- Through the index of one state that is not Success.
FROM task_run t INDEXED BY task_run_by_state
CROSS JOIN flow_run f ON f.key = t.flow_run
CROSS JOIN flow w ON w.key = f.flow
CROSS JOIN task k ON k.flow = f.flow AND k.idx = t.task

-- name: by_cache_key
-- Through the index of what may serve later runs.
FROM task_run t INDEXED BY task_run_by_cache_key
CROSS JOIN flow_run f ON f.key = t.flow_run
CROSS JOIN flow w ON w.key = f.flow
CROSS JOIN task k ON k.flow = f.flow AND k.idx = t.task

-- name: by_tally
FROM flow_run f
CROSS JOIN flow w ON w.key = f.flow
CROSS JOIN tally t ON t.flow_run = f.key
CROSS JOIN task k ON k.flow = f.flow AND k.idx = t.task

-- name: flow_runs
SELECT f.key, f.id, f.name, w.name, w.id, w.version, f.state, f.version, f.message, f.created, f.start_time, f.end_time,
       f.scheduled_start_time, f.updated, f.parameters, f.source, f.extra, f.details
FROM flow_run f
CROSS JOIN flow w ON w.key = f.flow
WHERE {conditions}
ORDER BY f.key DESC LIMIT :limit

-- name: tallies
SELECT flow_run, state, sum(count)
FROM (SELECT flow_run, state, count FROM tally WHERE flow_run IN (SELECT value FROM json_each(?1))
      UNION ALL
      SELECT t.flow_run, t.state, 1
      FROM expansion x
      CROSS JOIN task_run t ON t.flow_run = x.flow_run AND t.ordinal BETWEEN x.first AND x.first + x.count - 1
      WHERE x.flow_run IN (SELECT value FROM json_each(?1)) AND x.task IS NULL AND t.map_index < 0)
GROUP BY flow_run, state

-- name: attempts
SELECT attempt, state, start_time, end_time, message FROM attempt WHERE flow_run = ? AND ordinal = ? ORDER BY attempt

-- name: logs
SELECT at, ordinal, attempt, level, logger, message FROM log_line
WHERE flow_run = :flow_run AND at > :after AND at <= :until
ORDER BY at, key

-- name: logs_of_task_run
SELECT at, ordinal, attempt, level, logger, message FROM log_line
WHERE flow_run = :flow_run AND ordinal = :ordinal AND at > :after AND at <= :until
ORDER BY at, key

-- name: metrics
SELECT at, ordinal, attempt, name, value, kind, tags FROM metric
WHERE flow_run = :flow_run AND (:ordinal IS NULL OR ordinal = :ordinal)
ORDER BY at, key

-- name: orphans
-- What is beside the log belongs to a run that is there, and a run to a flow. Ordinal 0 is the flow run itself.
SELECT 'flow run ' || lower(hex(f.id)) || ' is of a flow that is not there' FROM flow_run f
WHERE NOT EXISTS (SELECT 1 FROM flow w WHERE w.key = f.flow)
UNION ALL
SELECT 'log line ' || l.key || ' is of a task run that is not there' FROM log_line l
WHERE NOT EXISTS (SELECT 1 FROM task_run t WHERE t.flow_run = l.flow_run AND t.ordinal = l.ordinal)
  AND NOT (l.ordinal = 0 AND EXISTS (SELECT 1 FROM flow_run f WHERE f.key = l.flow_run))
UNION ALL
SELECT 'metric ' || m.key || ' is of a task run that is not there' FROM metric m
WHERE NOT EXISTS (SELECT 1 FROM task_run t WHERE t.flow_run = m.flow_run AND t.ordinal = m.ordinal)
  AND NOT (m.ordinal = 0 AND EXISTS (SELECT 1 FROM flow_run f WHERE f.key = m.flow_run))
UNION ALL
SELECT 'request ' || lower(hex(r.id)) || ' is of a flow run that is not there' FROM request r
WHERE NOT EXISTS (SELECT 1 FROM flow_run f WHERE f.key = r.flow_run)
LIMIT 1000;

-- name: expansions
SELECT parent, first, count, task, at, plan FROM expansion WHERE flow_run = ? ORDER BY first, parent
