-- What the fold asks of the rows before it, and how its rows are put in their place.

-- name: put_flow_run
INSERT INTO flow_run (key, id, flow, name, state, version, created, start_time, end_time, scheduled_start_time, updated, cursor,
                      ordinals, message, parameters, source, extra, details)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET
    name = excluded.name, state = excluded.state, version = excluded.version, start_time = excluded.start_time,
    end_time = excluded.end_time, updated = excluded.updated, cursor = excluded.cursor, ordinals = excluded.ordinals,
    message = excluded.message, extra = excluded.extra, details = excluded.details;

-- name: touch_flow_run
UPDATE flow_run SET updated = ?, cursor = ?, ordinals = ? WHERE key = ?;

-- name: put_expansion
REPLACE INTO expansion (flow_run, first, parent, count, task, at, plan) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: put_task_run
REPLACE INTO task_run (flow_run, ordinal, parent, task, map_index, state, version, attempt, created, start_time, end_time,
                       updated, due, name, message, result, details, value)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: put_attempt
REPLACE INTO attempt (flow_run, ordinal, attempt, state, start_time, end_time, message) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: add_to_tally
INSERT INTO tally (count, flow_run, task, state) VALUES (?, ?, ?, ?)
ON CONFLICT DO UPDATE SET count = count + excluded.count;

-- name: drop_tally
DELETE FROM tally WHERE flow_run = ? AND task = ? AND state = ? AND count = ?;

-- name: take_from_tally
UPDATE tally SET count = count - ? WHERE flow_run = ? AND task = ? AND state = ?;
