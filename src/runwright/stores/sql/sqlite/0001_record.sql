-- The record: the log, the rows that are its fold, and what is neither.
--
-- Runs of flows are known by small integer keys here and by UUIDs everywhere else. Times are nanoseconds since 1970. States and
-- kinds of events are the codes of runwright.states and runwright.events. JSON is text.
--
-- The codes of final states are 11 to 23, of active ones 8 to 10. They are written as ranges because a list costs ten times as
-- much on every row; a test holds them to the table of states.

-- ---------------------------------------------------------------------------------------------------- flows (not from the log)

CREATE TABLE flow (
    key         INTEGER PRIMARY KEY,
    id          BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    name        TEXT    NOT NULL,
    version     INTEGER NOT NULL CHECK (version >= 1),
    fingerprint TEXT    NOT NULL,
    created     INTEGER NOT NULL,
    source      TEXT    NOT NULL,
    edges       TEXT    NOT NULL,
    document    TEXT    NOT NULL DEFAULT '{}',           -- what came with it from the program that registered it
    UNIQUE (name, version),
    UNIQUE (name, fingerprint)
) STRICT;

CREATE TABLE task (
    flow      INTEGER NOT NULL REFERENCES flow (key) ON DELETE CASCADE,
    idx       INTEGER NOT NULL CHECK (idx >= 0),
    slug      TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    is_mapped INTEGER NOT NULL CHECK (is_mapped IN (0, 1)),
    tags      TEXT    NOT NULL,
    policies  TEXT    NOT NULL,
    PRIMARY KEY (flow, idx)
) STRICT, WITHOUT ROWID;

-- A flow is in the project that its document names.
CREATE TABLE project (
    key         INTEGER PRIMARY KEY,
    id          BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    name        TEXT    NOT NULL UNIQUE,
    description TEXT,
    created     INTEGER NOT NULL
) STRICT;

-- -------------------------------------------------------------------------------------------------------------------- the log

CREATE TABLE event (
    cursor   INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    flow_run INTEGER NOT NULL,
    ordinal  INTEGER NOT NULL CHECK (ordinal >= 0),
    version  INTEGER NOT NULL CHECK (version >= 1),
    attempt  INTEGER NOT NULL,
    kind     INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 5),
    state    INTEGER NOT NULL CHECK (state BETWEEN 0 AND 24),
    data     TEXT
) STRICT;

-- Two events cannot bring one task run to the same version.
CREATE UNIQUE INDEX event_of_task_run ON event (flow_run, ordinal, version);

-- What is scheduled becomes late without an event: who looks for that reads these, which are few.
CREATE INDEX event_scheduled ON event (cursor) WHERE state = 2;

-- A cursor is never given twice, whatever is deleted. AUTOINCREMENT would say the same, and write one more page in every commit.
CREATE TABLE deleted_event (
    only   INTEGER PRIMARY KEY CHECK (only = 1),
    cursor INTEGER NOT NULL
) STRICT;

CREATE TRIGGER event_was_deleted AFTER DELETE ON event WHEN NOT EXISTS (SELECT 1 FROM event WHERE cursor > old.cursor)
BEGIN
    INSERT INTO deleted_event VALUES (1, old.cursor)
    ON CONFLICT (only) DO UPDATE SET cursor = max(cursor, excluded.cursor);
END;

-- --------------------------------------------------------------------------------------------------- rows: the fold of the log

CREATE TABLE flow_run (
    key                  INTEGER PRIMARY KEY,
    id                   BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    flow                 INTEGER NOT NULL REFERENCES flow (key),
    name                 TEXT    NOT NULL,
    state                INTEGER NOT NULL CHECK (state BETWEEN 1 AND 24),
    version              INTEGER NOT NULL CHECK (version >= 1),
    created              INTEGER NOT NULL,
    start_time           INTEGER,
    end_time             INTEGER,
    scheduled_start_time INTEGER,
    updated              INTEGER NOT NULL,               -- of any task run in it
    cursor               INTEGER NOT NULL,               -- the last event of any task run in it
    ordinals             INTEGER NOT NULL DEFAULT 1,     -- in use: the next child gets this one
    message              TEXT,
    parameters           TEXT,
    source               TEXT,
    extra                TEXT,                           -- what else came with CREATED
    details              TEXT,                           -- what else came with the state
    CHECK ((end_time IS NULL) = (state NOT BETWEEN 11 AND 23))
) STRICT;

CREATE INDEX flow_run_by_flow  ON flow_run (flow);
CREATE INDEX flow_run_by_name  ON flow_run (name);
CREATE INDEX flow_run_by_state ON flow_run (state);

-- A key that a client gave makes one flow run of a version of a flow, whoever else gives it.
CREATE UNIQUE INDEX flow_run_by_idempotency_key ON flow_run (extra ->> '$."idempotency_key"', flow)
    WHERE extra ->> '$."idempotency_key"' IS NOT NULL;

-- Who is killed, or asked for the files of its family, looks for those that it started.
CREATE INDEX flow_run_by_starter ON flow_run (extra ->> '$."trigger"."variables"."executionId"')
    WHERE extra ->> '$."trigger"."variables"."executionId"' IS NOT NULL;

-- Executions that somebody deleted: lists leave them out.
CREATE INDEX flow_run_deleted ON flow_run (key) WHERE extra ->> '$."deleted"' IS NOT NULL;

-- The children of one run: ordinals first to first + count - 1. Without a task, child i runs task i, or what the plan says.
CREATE TABLE expansion (
    flow_run INTEGER NOT NULL,
    first    INTEGER NOT NULL CHECK (first >= 1),
    parent   INTEGER NOT NULL,
    count    INTEGER NOT NULL CHECK (count >= 0),
    task     INTEGER,
    at       INTEGER NOT NULL,
    plan     TEXT,
    PRIMARY KEY (flow_run, first, parent)
) STRICT, WITHOUT ROWID;

CREATE TABLE task_run (
    flow_run   INTEGER NOT NULL,
    ordinal    INTEGER NOT NULL CHECK (ordinal >= 1),
    parent     INTEGER NOT NULL,
    task       INTEGER NOT NULL,
    map_index  INTEGER NOT NULL,
    state      INTEGER NOT NULL CHECK (state BETWEEN 1 AND 24),
    version    INTEGER NOT NULL CHECK (version >= 1),
    attempt    INTEGER NOT NULL,
    created    INTEGER NOT NULL,
    start_time INTEGER,
    end_time   INTEGER,
    updated    INTEGER NOT NULL,
    due        INTEGER,
    name       TEXT,
    message    TEXT,
    result     TEXT,
    details    TEXT,
    value      TEXT,                                     -- what the round stands for that it belongs to
    PRIMARY KEY (flow_run, ordinal),
    CHECK ((end_time IS NULL) = (state NOT BETWEEN 11 AND 23))
) STRICT, WITHOUT ROWID;

-- Plain successes are most of the rows and nobody looks for them by state: the index leaves them out and stays small.
CREATE INDEX task_run_by_state ON task_run (state, flow_run, ordinal) WHERE state <> 11;

-- What may serve later runs, by the key that it is kept under.
CREATE INDEX task_run_by_cache_key ON task_run (json_extract(details, '$.cache_key'), flow_run, ordinal) WHERE state = 12;

-- An attempt that has ended is in a final state, or in the waiting state that it was given up for.
CREATE TABLE attempt (
    flow_run   INTEGER NOT NULL,
    ordinal    INTEGER NOT NULL,
    attempt    INTEGER NOT NULL CHECK (attempt >= 1),
    state      INTEGER NOT NULL CHECK (state BETWEEN 1 AND 24),
    start_time INTEGER NOT NULL,
    end_time   INTEGER,
    message    TEXT,
    PRIMARY KEY (flow_run, ordinal, attempt),
    CHECK ((end_time IS NULL) = (state BETWEEN 8 AND 10))
) STRICT, WITHOUT ROWID;

-- How many mapped children of a task are in a state, those that have no row yet included. Other runs count by their rows: they
-- all have one.
CREATE TABLE tally (
    flow_run INTEGER NOT NULL,
    task     INTEGER NOT NULL,
    state    INTEGER NOT NULL CHECK (state BETWEEN 1 AND 24),
    count    INTEGER NOT NULL CHECK (count >= 0),
    PRIMARY KEY (flow_run, task, state)
) STRICT, WITHOUT ROWID;

-- ------------------------------------------------------------------------------------------------ beside the log, same commits

CREATE TABLE log_line (
    key      INTEGER PRIMARY KEY,
    flow_run INTEGER NOT NULL,
    ordinal  INTEGER NOT NULL,
    attempt  INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    level    INTEGER NOT NULL,
    logger   TEXT    NOT NULL,
    message  TEXT    NOT NULL
) STRICT;

CREATE INDEX log_line_of_task_run ON log_line (flow_run, ordinal, at);

-- SQLite has no number for NaN; it is kept as NULL.
CREATE TABLE metric (
    key      INTEGER PRIMARY KEY,
    flow_run INTEGER NOT NULL,
    ordinal  INTEGER NOT NULL,
    attempt  INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    name     TEXT    NOT NULL,
    value    REAL,
    kind     TEXT    NOT NULL,
    tags     TEXT
) STRICT;

CREATE INDEX metric_of_task_run ON metric (flow_run, ordinal, at);

-- What programs sent to a server, kept as it came; a cursor is never given twice.
CREATE TABLE received_event (
    cursor   INTEGER PRIMARY KEY AUTOINCREMENT,
    id       BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    at       INTEGER NOT NULL,
    name     TEXT    NOT NULL,
    resource TEXT    NOT NULL,
    received INTEGER NOT NULL,
    body     TEXT    NOT NULL
) STRICT;

CREATE INDEX received_event_by_name ON received_event (name, cursor);
CREATE INDEX received_event_by_resource ON received_event (resource, cursor);

-- A lease that was given up has an empty owner; its row stays, so that no token is ever given twice.
CREATE TABLE lease (
    flow_run BLOB    NOT NULL PRIMARY KEY CHECK (length(flow_run) = 16),
    owner    TEXT    NOT NULL,
    token    INTEGER NOT NULL CHECK (token >= 1),
    expires  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Those that were not given up: of what runs, and of what lost processes have left. Somebody looks at them every moment.
CREATE INDEX lease_held ON lease (expires) WHERE owner <> '';

-- What somebody asked of a flow run, until and after its owner has answered.
CREATE TABLE request (
    key      INTEGER PRIMARY KEY,
    id       BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    flow_run INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    intent   TEXT    NOT NULL CHECK (intent IN ('cancel', 'kill', 'pause', 'resume', 'restart', 'replay', 'mark')),
    ordinal  INTEGER NOT NULL CHECK (ordinal >= 0),
    data     TEXT,
    by       TEXT    NOT NULL,
    taken_at INTEGER,
    answer   TEXT,
    CHECK ((taken_at IS NULL) = (answer IS NULL))
) STRICT;

CREATE INDEX request_of_flow_run ON request (flow_run);

-- An owner looks several times a second for what is open: those are few.
CREATE INDEX request_open ON request (flow_run) WHERE answer IS NULL;

-- Who holds, or waits for, a slot of a limit, in the order they came. It is held under the lease with `token`, 0 while it waits;
-- one that is kept outlives its lease.
CREATE TABLE slot (
    place    INTEGER PRIMARY KEY AUTOINCREMENT,
    name     TEXT    NOT NULL,
    flow_run BLOB    NOT NULL CHECK (length(flow_run) = 16),
    token    INTEGER NOT NULL DEFAULT 0,
    is_kept  INTEGER NOT NULL DEFAULT 0 CHECK (is_kept IN (0, 1)),
    UNIQUE (name, flow_run)
) STRICT;

-- What a task run holds, or waits for, of the limits of its tags, under the lease with `token` and no longer than that lives. All
-- rows of one task run have its place in the order in which they came; one that waits has a row for the tag that it waits for.
CREATE TABLE tag_slot (
    flow_run BLOB    NOT NULL CHECK (length(flow_run) = 16),
    ordinal  INTEGER NOT NULL,
    tag      TEXT    NOT NULL,
    place    INTEGER NOT NULL,
    token    INTEGER NOT NULL,
    is_held  INTEGER NOT NULL CHECK (is_held IN (0, 1)),
    PRIMARY KEY (flow_run, ordinal, tag)
) STRICT, WITHOUT ROWID;

-- ------------------------------------------------------------------------------------------- values of namespaces, beside all runs

CREATE TABLE key_value (
    namespace   TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    value       TEXT    NOT NULL,
    type        TEXT    NOT NULL,
    created     INTEGER NOT NULL,
    updated     INTEGER NOT NULL,
    version     INTEGER NOT NULL CHECK (version >= 1),
    expires     INTEGER,
    description TEXT,
    PRIMARY KEY (namespace, key)
) STRICT;

-- ------------------------------------------------------------------------------------ triggers of registered flows, beside all runs

-- How far a trigger has come; a later version is written over the one that was read, or not at all.
CREATE TABLE trigger_state (
    namespace   TEXT    NOT NULL,
    flow        TEXT    NOT NULL,
    trigger_id  TEXT    NOT NULL,
    due         INTEGER,
    is_disabled INTEGER NOT NULL CHECK (is_disabled IN (0, 1)),
    data        TEXT    NOT NULL,
    created     INTEGER NOT NULL,
    updated     INTEGER NOT NULL,
    version     INTEGER NOT NULL CHECK (version >= 1),
    PRIMARY KEY (namespace, flow, trigger_id)
) STRICT, WITHOUT ROWID;

-- Somebody looks several times a second for what is due: that is little.
CREATE INDEX trigger_state_by_due ON trigger_state (due) WHERE due IS NOT NULL;

-- --------------------------------------------------------------- what a server keeps beside all runs: automations, keys, an audit

CREATE TABLE card (
    kind    TEXT    NOT NULL,
    name    TEXT    NOT NULL,
    data    TEXT    NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
