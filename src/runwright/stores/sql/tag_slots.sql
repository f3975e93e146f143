-- Slots of tags, counted from the leases that live.

-- name: list
SELECT flow_run, ordinal, tag, place, token, is_held FROM tag_slot ORDER BY place, flow_run, ordinal, tag;

-- name: living
SELECT s.tag, s.flow_run, s.ordinal, s.is_held FROM tag_slot s
JOIN lease l ON l.flow_run = s.flow_run AND l.token = s.token AND l.owner <> '' AND l.expires > ?
ORDER BY s.place, s.flow_run, s.ordinal, s.tag;

-- name: sweep
-- Whoever lost its lease finds out when it asks again.
DELETE FROM tag_slot WHERE NOT EXISTS (
    SELECT 1 FROM lease l
    WHERE l.flow_run = tag_slot.flow_run AND l.token = tag_slot.token AND l.owner <> '' AND l.expires > ?);

-- name: leave
DELETE FROM tag_slot WHERE flow_run = ? AND ordinal = ?;

-- name: put
INSERT INTO tag_slot (flow_run, ordinal, tag, place, token, is_held) VALUES (?, ?, ?, ?, ?, ?);
