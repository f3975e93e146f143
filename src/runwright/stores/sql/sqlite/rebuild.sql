-- The recorded tables are in the schema `main`, those of a rebuild in `temp`.

-- name: columns
SELECT name, pk FROM pragma_table_info(?, 'main') ORDER BY cid;

-- name: empty
DELETE FROM {schema}.{table};

-- name: fill
INSERT INTO {schema}.{table} SELECT * FROM temp.{table};

-- name: recorded
SELECT a.*, b.* FROM {schema}.{table} a LEFT JOIN temp.{table} b ON {joined} WHERE b.{key} IS NULL OR {differ};

-- name: missing
SELECT b.* FROM temp.{table} b LEFT JOIN {schema}.{table} a ON {joined} WHERE a.{key} IS NULL;
