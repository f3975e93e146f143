-- Given tags: what task runs are called afterwards. No part of the log.

-- name: find
SELECT f.key, k.tags
FROM flow_run f
JOIN task_run t ON t.flow_run = f.key AND t.ordinal = :ordinal
JOIN task k ON k.flow = f.flow AND k.idx = t.task
WHERE f.id = :id;

-- name: give
INSERT INTO given_tag (flow_run, ordinal, tag, by, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1;

-- name: names
-- From one to the next, however many task runs have it.
WITH RECURSIVE name (tag) AS (
    SELECT min(tag) FROM given_tag
    UNION ALL
    SELECT (SELECT min(tag) FROM given_tag WHERE tag > name.tag) FROM name WHERE name.tag IS NOT NULL
)
SELECT tag FROM name WHERE tag IS NOT NULL LIMIT ?;

-- name: take
DELETE FROM given_tag WHERE flow_run = ? AND ordinal = ? AND tag = ? RETURNING 1;
