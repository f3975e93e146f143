-- What to look at when asked whether the tables are sound.

-- name: constraints
SELECT c.conrelid::regclass::text, pg_get_expr(c.conbin, c.conrelid) FROM pg_constraint c
WHERE c.contype = 'c' AND c.connamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
ORDER BY c.conrelid::regclass::text, c.conname;

-- name: broken_indexes
SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND NOT i.indisvalid;
