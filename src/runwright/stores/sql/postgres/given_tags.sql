-- Whoever deletes a flow run waits for those who give its task runs tags, and they for that.

-- name: find
SELECT f.key, k.tags
FROM flow_run f
JOIN task_run t ON t.flow_run = f.key AND t.ordinal = :ordinal
JOIN task k ON k.flow = f.flow AND k.idx = t.task
WHERE f.id = :id
FOR KEY SHARE OF f;
