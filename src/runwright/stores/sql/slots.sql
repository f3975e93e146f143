-- Slots of limits, counted from the leases that live.

-- name: line_up
INSERT INTO slot (name, flow_run) VALUES (?, ?) ON CONFLICT (name, flow_run) DO NOTHING;

-- name: mine
SELECT place, token, is_kept FROM slot WHERE name = ? AND flow_run = ?;

-- name: ahead
-- Slots in use by others, and those of others who came before and still wait.
SELECT count(*) FROM slot s
LEFT JOIN lease l ON l.flow_run = s.flow_run AND l.owner <> '' AND l.expires > :now
WHERE s.name = :name AND s.place <> :place
  AND (s.is_kept = 1 OR (l.token IS NOT NULL AND (s.token = l.token OR s.place < :place)))
  AND NOT EXISTS (SELECT 1 FROM flow_run f WHERE f.id = s.flow_run AND f.state BETWEEN 11 AND 23);

-- name: give
UPDATE slot SET token = :token, is_kept = 0 WHERE place = :place;

-- name: keep
UPDATE slot SET is_kept = 1 WHERE name = ? AND flow_run = ? AND token = ?;

-- name: leave
DELETE FROM slot WHERE name = ? AND flow_run = ?;

-- name: sweep
DELETE FROM slot WHERE name = ? AND flow_run IN (SELECT id FROM flow_run WHERE state BETWEEN 11 AND 23);

-- name: lapse
-- Whoever lost its lease finds out when it asks again.
UPDATE slot SET token = 0 WHERE name = :name AND is_kept = 0 AND place <> :place AND NOT EXISTS (
    SELECT 1 FROM lease l
    WHERE l.flow_run = slot.flow_run AND l.token = slot.token AND l.owner <> '' AND l.expires > :now);
