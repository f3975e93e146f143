-- Rows are put in place many at a time, whole columns as arrays. REPLACE is not known.

-- name: put_flow_run
-- The cursor of an append counts from its own first event: it is added to where the log ended before.
INSERT INTO flow_run (key, id, flow, name, state, version, created, start_time, end_time, scheduled_start_time, updated, cursor,
                      ordinals, message, parameters, source, extra, details)
VALUES (:key, :id, :flow, :name, :state, :version, :created, :start_time, :end_time, :scheduled_start_time, :updated,
        :cursor + CASE WHEN :count::bigint IS NULL THEN 0 ELSE (SELECT max(cursor) FROM event) - :count::bigint END,
        :ordinals, :message, :parameters, :source, :extra, :details)
ON CONFLICT (key) DO UPDATE SET
    name = excluded.name, state = excluded.state, version = excluded.version, start_time = excluded.start_time,
    end_time = excluded.end_time, updated = excluded.updated, cursor = excluded.cursor, ordinals = excluded.ordinals,
    message = excluded.message, extra = excluded.extra, details = excluded.details;

-- name: touch_flow_run
UPDATE flow_run SET
    updated = :updated, ordinals = :ordinals,
    cursor = :cursor + CASE WHEN :count::bigint IS NULL THEN 0 ELSE (SELECT max(cursor) FROM event) - :count::bigint END
WHERE key = :key;

-- name: put_expansions
INSERT INTO expansion (flow_run, first, parent, count, task, at, plan)
SELECT * FROM unnest(?::bigint[], ?::integer[], ?::integer[], ?::integer[], ?::integer[], ?::bigint[], ?::text[])
ON CONFLICT (flow_run, first, parent) DO UPDATE SET
    count = excluded.count, task = excluded.task, at = excluded.at, plan = excluded.plan;

-- name: put_task_runs
INSERT INTO task_run (flow_run, ordinal, parent, task, map_index, state, version, attempt, created, start_time, end_time,
                      updated, due, name, message, result, details, value)
SELECT * FROM unnest(?::bigint[], ?::integer[], ?::integer[], ?::integer[], ?::integer[], ?::smallint[], ?::integer[],
                     ?::integer[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[], ?::text[], ?::text[],
                     ?::text[], ?::text[], ?::text[])
ON CONFLICT (flow_run, ordinal) DO UPDATE SET
    parent = excluded.parent, task = excluded.task, map_index = excluded.map_index, state = excluded.state,
    version = excluded.version, attempt = excluded.attempt, created = excluded.created, start_time = excluded.start_time,
    end_time = excluded.end_time, updated = excluded.updated, due = excluded.due, name = excluded.name,
    message = excluded.message, result = excluded.result, details = excluded.details,
    value = excluded.value;

-- name: put_attempts
INSERT INTO attempt (flow_run, ordinal, attempt, state, start_time, end_time, message)
SELECT * FROM unnest(?::bigint[], ?::integer[], ?::integer[], ?::smallint[], ?::bigint[], ?::bigint[], ?::text[])
ON CONFLICT (flow_run, ordinal, attempt) DO UPDATE SET
    state = excluded.state, start_time = excluded.start_time, end_time = excluded.end_time, message = excluded.message;

-- name: add_to_tally
INSERT INTO tally AS old (flow_run, task, state, count)
SELECT * FROM unnest(?::bigint[], ?::integer[], ?::smallint[], ?::integer[])
ON CONFLICT (flow_run, task, state) DO UPDATE SET count = old.count + excluded.count;

-- name: drop_tally
DELETE FROM tally USING unnest(?::bigint[], ?::integer[], ?::smallint[], ?::integer[])
                        AS gone (flow_run, task, state, count)
WHERE tally.flow_run = gone.flow_run AND tally.task = gone.task
  AND tally.state = gone.state AND tally.count = gone.count;

-- name: take_from_tally
UPDATE tally SET count = tally.count - gone.count
FROM unnest(?::bigint[], ?::integer[], ?::smallint[], ?::integer[])
     AS gone (flow_run, task, state, count)
WHERE tally.flow_run = gone.flow_run AND tally.task = gone.task
  AND tally.state = gone.state;
