-- Events that programs sent: kept once each, read back in the order in which they came.

-- name: read
SELECT id, at, name, resource, received, body, cursor
FROM received_event WHERE cursor > :after AND cursor < :before{where} ORDER BY cursor {order} LIMIT :limit;
