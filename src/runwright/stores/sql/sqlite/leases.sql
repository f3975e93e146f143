-- The clock of SQLite, which counts whole milliseconds.

-- name: now
SELECT CAST(round(unixepoch('subsec') * 1000) AS INTEGER) * 1000000;
