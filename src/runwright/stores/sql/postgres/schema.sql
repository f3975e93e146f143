-- What a schema is, and what is in it.

-- name: is_record
SELECT to_regclass(quote_ident(current_schema()) || '.runwright') IS NOT NULL;

-- name: others
-- Tables that belong to no extension: the schema is in use for something else.
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND c.relkind IN ('r', 'p')
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e')
ORDER BY c.relname LIMIT 3;

-- name: search_path
SELECT current_setting('search_path');

-- name: version
SELECT version FROM runwright;

-- name: set_version
UPDATE runwright SET version = ?;

-- name: count_rebuild
UPDATE runwright SET rebuilds = rebuilds + 1;
