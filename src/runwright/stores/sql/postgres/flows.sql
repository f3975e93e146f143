-- PostgreSQL gives lists by places that are counted from 1, and what is in them as text.

-- name: add_tasks
INSERT INTO task (flow, idx, slug, name, is_mapped, tags, policies)
SELECT ?, place - 1, value ->> 0, value ->> 1, CAST(value ->> 2 AS smallint), value ->> 3, value ->> 4
FROM json_array_elements(CAST(? AS json)) WITH ORDINALITY AS task (value, place);
