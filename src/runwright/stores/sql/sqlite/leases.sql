-- Leases. SQLite's clock decides, in whole milliseconds.

-- name: now
SELECT CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000000;

-- name: find
SELECT owner, token, expires FROM lease WHERE flow_run = ?;

-- name: put
REPLACE INTO lease (flow_run, owner, token, expires) VALUES (?, ?, ?, ?);

-- name: give_up
UPDATE lease SET owner = '' WHERE flow_run = ? AND token = ?;
