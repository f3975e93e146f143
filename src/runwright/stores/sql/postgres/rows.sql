-- Rows are put in place by the function that appends: they are those of a batch without events.

-- name: put
SELECT append_batch('{}', '{}', 0, '{}', '{}', ?, ?, ?, ?, '{}', ?, NULL, NULL);
