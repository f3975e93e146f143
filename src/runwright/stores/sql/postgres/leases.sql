-- The clock of the server, which counts whole microseconds, and a lock on one row: others go on meanwhile.

-- name: now
SELECT CAST(round(extract(epoch FROM clock_timestamp()) * 1000000) AS bigint) * 1000;

-- name: lock
-- A row that is not there cannot be locked, so it is made.
INSERT INTO lease (flow_run, owner, token, expires) VALUES (?, '', 0, 0)
ON CONFLICT (flow_run) DO UPDATE SET owner = lease.owner RETURNING owner, token, expires;

-- name: lock_several
-- In one order for everybody, so that nobody waits in a circle.
SELECT flow_run, owner, token, expires FROM lease WHERE flow_run = ANY(?) ORDER BY flow_run FOR UPDATE;
