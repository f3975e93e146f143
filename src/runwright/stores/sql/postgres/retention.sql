-- Whoever deletes holds the lock of the log: nobody gives cursors meanwhile.

-- name: keep_last_cursor
UPDATE runwright SET deleted = greatest(deleted, (SELECT coalesce(max(cursor), 0) FROM event));
