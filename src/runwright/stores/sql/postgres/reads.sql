-- How PostgreSQL looks into lists and JSON, and its ways through the tables. It chooses the order of joins itself, and knows
-- that rows come in order only from an index of the table that they are ordered by.

-- name: is_listed
= ANY(CAST(translate(:{name}, '[]', '{{}}') AS integer[]))

-- name: is_tagged
EXISTS (SELECT 1 FROM json_array_elements_text(CAST(k.tags AS json)) AS tag (value) WHERE tag.value = :{name})

-- name: given_tags
(SELECT CAST(json_agg(json_build_array(g.tag, g.by, g.at)) AS text)
 FROM given_tag g WHERE g.flow_run = t.flow_run AND g.ordinal = t.ordinal)

-- name: cache_key
(CAST(replace(t.details, '\u0000', '\ufffd') AS json) ->> 'cache_key')

-- name: starter
jsonb_extract_path_text(CAST(replace(f.extra, '\u0000', '\ufffd') AS jsonb), 'trigger', 'variables', 'executionId')

-- name: is_kept
f.key NOT IN (SELECT key FROM flow_run
              WHERE jsonb_extract_path_text(CAST(replace(extra, '\u0000', '\ufffd') AS jsonb), 'deleted') IS NOT NULL)

-- name: order_by_expansion
t.flow_run {order}, t.ordinal {order}

-- name: by_row
-- Through the rows in their own order, as far as the page needs.
FROM task_run t
JOIN flow_run f ON f.key = t.flow_run
JOIN flow w ON w.key = f.flow
JOIN task k ON k.flow = f.flow AND k.idx = t.task

-- name: by_expansion
-- To a few children by their index.
FROM flow_run f
JOIN flow w ON w.key = f.flow
JOIN expansion x ON x.flow_run = f.key
JOIN task_run t ON t.flow_run = f.key
               AND t.ordinal >= x.first + CASE WHEN x.task IS NULL THEN 0 ELSE :low END
               AND t.ordinal <= x.first + CASE WHEN x.task IS NULL THEN x.count - 1 ELSE least(x.count - 1, :high) END
JOIN task k ON k.flow = f.flow AND k.idx = t.task

-- name: by_state
-- Through the index of one state that is not Success.
FROM task_run t
JOIN flow_run f ON f.key = t.flow_run
JOIN flow w ON w.key = f.flow
JOIN task k ON k.flow = f.flow AND k.idx = t.task

-- name: by_cache_key
-- Through the index of what may serve later runs.
FROM task_run t
JOIN flow_run f ON f.key = t.flow_run
JOIN flow w ON w.key = f.flow
JOIN task k ON k.flow = f.flow AND k.idx = t.task

-- name: by_tally
FROM flow_run f
JOIN flow w ON w.key = f.flow
JOIN tally t ON t.flow_run = f.key
JOIN task k ON k.flow = f.flow AND k.idx = t.task

-- name: tallies
WITH wanted AS MATERIALIZED (SELECT CAST(translate(?, '[]', '{}') AS bigint[]) AS keys)
SELECT flow_run, state, CAST(sum(count) AS bigint)
FROM (SELECT flow_run, state, count FROM tally WHERE flow_run = ANY((SELECT keys FROM wanted)::bigint[])
      UNION ALL
      SELECT t.flow_run, t.state, 1
      FROM expansion x
      JOIN task_run t ON t.flow_run = x.flow_run AND t.ordinal BETWEEN x.first AND x.first + x.count - 1
      WHERE x.flow_run = ANY((SELECT keys FROM wanted)::bigint[]) AND x.task IS NULL AND t.map_index < 0) AS counted
GROUP BY flow_run, state
