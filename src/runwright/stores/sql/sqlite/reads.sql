-- How SQLite looks into lists and JSON, and its ways through the tables: it takes joins in the order written where they are
-- CROSS, and the index that it is told to.

-- name: is_listed
IN (SELECT value FROM json_each(:{name}))

-- name: is_tagged
EXISTS (SELECT 1 FROM json_each(k.tags) WHERE value = :{name})

-- name: given_tags
(SELECT json_group_array(json_array(g.tag, g.by, g.at)) FROM given_tag g WHERE g.flow_run = t.flow_run AND g.ordinal = t.ordinal)

-- name: cache_key
json_extract(t.details, '$.cache_key')

-- name: starter
f.extra ->> '$."trigger"."variables"."executionId"'

-- name: is_kept
f.key NOT IN (SELECT key FROM flow_run WHERE extra ->> '$."deleted"' IS NOT NULL)

-- name: order_by_expansion
f.key {order}, x.first {order}, x.parent {order}, t.ordinal {order}

-- name: by_expansion
-- Through the flow runs, newest first, and the ranges of their ordinals: rows come in order, and a mapped child is found by its
-- index.
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

-- name: tallies
SELECT flow_run, state, sum(count)
FROM (SELECT flow_run, state, count FROM tally WHERE flow_run IN (SELECT value FROM json_each(?1))
      UNION ALL
      SELECT t.flow_run, t.state, 1
      FROM expansion x
      CROSS JOIN task_run t ON t.flow_run = x.flow_run AND t.ordinal BETWEEN x.first AND x.first + x.count - 1
      WHERE x.flow_run IN (SELECT value FROM json_each(?1)) AND x.task IS NULL AND t.map_index < 0)
GROUP BY flow_run, state
