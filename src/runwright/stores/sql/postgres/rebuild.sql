-- The recorded tables are in the schema of the record, those of a rebuild in `pg_temp`, which comes first on the search path.

-- name: copy
CREATE TEMP TABLE {table} (LIKE {schema}.{table} INCLUDING ALL) ON COMMIT DROP;

-- name: columns
SELECT a.attname, a.attnum = ANY(i.indkey) FROM pg_attribute a
JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
WHERE a.attrelid = to_regclass('pg_temp.' || quote_ident(?)) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum;

-- name: hold_writers_up
-- Every append begins with the locks of its leases.
LOCK TABLE lease IN EXCLUSIVE MODE;

-- name: empty
DELETE FROM {schema}.{table};

-- name: fill
INSERT INTO {schema}.{table} SELECT * FROM pg_temp.{table};

-- name: recorded
SELECT a.*, b.* FROM {schema}.{table} a LEFT JOIN pg_temp.{table} b ON {joined} WHERE b.{key} IS NULL OR {differ};

-- name: missing
SELECT b.* FROM pg_temp.{table} b LEFT JOIN {schema}.{table} a ON {joined} WHERE a.{key} IS NULL;
