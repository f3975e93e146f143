-- The views. Lines with a placeholder in braces are completed by stores/sql/selection.py, which knows the conditions.

-- name: task_run_columns
t.flow_run, t.ordinal, t.parent, t.task, t.map_index, t.state, t.version, t.attempt, t.created, t.start_time, t.end_time,
t.updated, t.due, t.name, t.message, t.result, t.details, t.value, f.id, f.name, w.name, w.id, w.version, k.slug, k.name, k.tags,
{given_tags}

-- name: has_tag
({task} OR EXISTS (SELECT 1 FROM given_tag g WHERE g.flow_run = t.flow_run AND g.ordinal = t.ordinal AND g.tag = :{name}))

-- name: flow_runs
SELECT f.key, f.id, f.name, w.name, w.id, w.version, f.state, f.version, f.message, f.created, f.start_time, f.end_time,
       f.scheduled_start_time, f.updated, f.parameters, f.source, f.extra, f.details
FROM flow_run f
JOIN flow w ON w.key = f.flow
WHERE {conditions}
ORDER BY f.key DESC LIMIT :limit

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
WHERE flow_run = :flow_run AND (ordinal = :ordinal OR :ordinal IS NULL)
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
SELECT 'tag ' || g.tag || ' is of a task run that is not there' FROM given_tag g
WHERE NOT EXISTS (SELECT 1 FROM task_run t WHERE t.flow_run = g.flow_run AND t.ordinal = g.ordinal)
UNION ALL
SELECT 'request ' || lower(hex(r.id)) || ' is of a flow run that is not there' FROM request r
WHERE NOT EXISTS (SELECT 1 FROM flow_run f WHERE f.key = r.flow_run)
LIMIT 1000;

-- name: expansions
SELECT parent, first, count, task, at, plan FROM expansion WHERE flow_run = ? ORDER BY first, parent
