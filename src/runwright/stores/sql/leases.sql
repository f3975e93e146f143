-- Leases. The clock of the database decides.

-- name: find
SELECT owner, token, expires FROM lease WHERE flow_run = ?;

-- name: lock
SELECT owner, token, expires FROM lease WHERE flow_run = ?;

-- name: lost
SELECT flow_run, owner, token, expires FROM lease WHERE owner <> '' AND expires <= ? ORDER BY expires;

-- name: put
INSERT INTO lease (flow_run, owner, token, expires) VALUES (?, ?, ?, ?)
ON CONFLICT (flow_run) DO UPDATE SET owner = excluded.owner, token = excluded.token, expires = excluded.expires;

-- name: give_up
UPDATE lease SET owner = '' WHERE flow_run = ? AND token = ?;
