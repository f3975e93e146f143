-- The record: the log, the rows that are its fold, and what is neither. The tables and columns are those of the SQLite record,
-- so that both can be compared row by row.
--
-- Runs of flows are known by small integer keys here and by UUIDs everywhere else, which are kept as their 16 bytes. Times are
-- nanoseconds since 1970. States and kinds of events are the codes of runwright.states and runwright.events. JSON is text: it
-- comes back as it was written, whatever the order of its keys.
--
-- The codes of final states are 11 to 23, of active ones 8 to 10; a test holds them to the table of states.

-- It says that this schema is a record, of which version, and how often its rows were put in place by a rebuild.
CREATE TABLE runwright (
    is_only  boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    version  integer NOT NULL,
    rebuilds integer NOT NULL DEFAULT 0
);

INSERT INTO runwright (version) VALUES (0);

-- SQLite has this function, and shared queries use it.
CREATE FUNCTION hex(value bytea) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN upper(encode(value, 'hex'));

-- ---------------------------------------------------------------------------------------------------- flows (not from the log)

CREATE TABLE flow (
    key         bigint  PRIMARY KEY,
    id          bytea   NOT NULL UNIQUE CHECK (length(id) = 16),
    name        text    NOT NULL,
    version     integer NOT NULL CHECK (version >= 1),
    fingerprint text    NOT NULL,
    created     bigint  NOT NULL,
    source      text    NOT NULL,
    edges       text    NOT NULL,
    UNIQUE (name, version),
    UNIQUE (name, fingerprint)
);

CREATE TABLE task (
    flow      bigint   NOT NULL REFERENCES flow (key) ON DELETE CASCADE,
    idx       integer  NOT NULL CHECK (idx >= 0),
    slug      text     NOT NULL,
    name      text     NOT NULL,
    is_mapped smallint NOT NULL CHECK (is_mapped IN (0, 1)),
    tags      text     NOT NULL,
    policies  text     NOT NULL,
    PRIMARY KEY (flow, idx)
);

-- -------------------------------------------------------------------------------------------------------------------- the log

-- Cursors are given in the order of commits and without a gap; see docs/decisions/0012.
CREATE TABLE event (
    cursor   bigint   PRIMARY KEY,
    at       bigint   NOT NULL,
    flow_run bigint   NOT NULL,
    ordinal  integer  NOT NULL CHECK (ordinal >= 0),
    version  integer  NOT NULL CHECK (version >= 1),
    attempt  integer  NOT NULL,
    kind     smallint NOT NULL CHECK (kind BETWEEN 1 AND 5),
    state    smallint NOT NULL CHECK (state BETWEEN 0 AND 24),
    data     text
);

-- Two events cannot bring one task run to the same version.
CREATE UNIQUE INDEX event_of_task_run ON event (flow_run, ordinal, version);

-- --------------------------------------------------------------------------------------------------- rows: the fold of the log

-- Room is left in the pages of what changes with every commit, so that the new version of a row fits beside the old one.
CREATE TABLE flow_run (
    key                  bigint   PRIMARY KEY,
    id                   bytea    NOT NULL UNIQUE CHECK (length(id) = 16),
    flow                 bigint   NOT NULL REFERENCES flow (key),
    name                 text     NOT NULL,
    state                smallint NOT NULL CHECK (state BETWEEN 1 AND 24),
    version              integer  NOT NULL CHECK (version >= 1),
    created              bigint   NOT NULL,
    start_time           bigint,
    end_time             bigint,
    scheduled_start_time bigint,
    updated              bigint   NOT NULL,               -- of any task run in it
    cursor               bigint   NOT NULL,               -- the last event of any task run in it
    ordinals             integer  NOT NULL DEFAULT 1,     -- in use: the next child gets this one
    message              text,
    parameters           text,
    source               text,
    extra                text,                            -- what else came with CREATED
    details              text,                            -- what else came with the state
    CHECK ((end_time IS NULL) = (state NOT BETWEEN 11 AND 23))
) WITH (fillfactor = 50);

CREATE INDEX flow_run_by_flow  ON flow_run (flow);
CREATE INDEX flow_run_by_name  ON flow_run (name);
CREATE INDEX flow_run_by_state ON flow_run (state);

-- The children of one run: ordinals first to first + count - 1. Without a task, child i runs task i, or what the plan says.
CREATE TABLE expansion (
    flow_run bigint  NOT NULL,
    first    integer NOT NULL CHECK (first >= 1),
    parent   integer NOT NULL,
    count    integer NOT NULL CHECK (count >= 0),
    task     integer,
    at       bigint  NOT NULL,
    plan     text,
    PRIMARY KEY (flow_run, first, parent)
);

CREATE TABLE task_run (
    flow_run   bigint   NOT NULL,
    ordinal    integer  NOT NULL CHECK (ordinal >= 1),
    parent     integer  NOT NULL,
    task       integer  NOT NULL,
    map_index  integer  NOT NULL,
    state      smallint NOT NULL CHECK (state BETWEEN 1 AND 24),
    version    integer  NOT NULL CHECK (version >= 1),
    attempt    integer  NOT NULL,
    created    bigint   NOT NULL,
    start_time bigint,
    end_time   bigint,
    updated    bigint   NOT NULL,
    due        bigint,
    name       text,
    message    text,
    result     text,
    details    text,
    value      text,                                      -- what the round stands for that it belongs to
    PRIMARY KEY (flow_run, ordinal),
    CHECK ((end_time IS NULL) = (state NOT BETWEEN 11 AND 23))
);

-- Plain successes are most of the rows and nobody looks for them by state: the index leaves them out and stays small.
CREATE INDEX task_run_by_state ON task_run (state, flow_run, ordinal) WHERE state <> 11;

-- What may serve later runs, by the key that it is kept under. PostgreSQL has no text with a null character.
CREATE INDEX task_run_by_cache_key
ON task_run ((CAST(replace(details, '\u0000', '\ufffd') AS json) ->> 'cache_key'), flow_run, ordinal) WHERE state = 12;

-- An attempt that has ended is in a final state, or in the waiting state that it was given up for.
CREATE TABLE attempt (
    flow_run   bigint   NOT NULL,
    ordinal    integer  NOT NULL,
    attempt    integer  NOT NULL CHECK (attempt >= 1),
    state      smallint NOT NULL CHECK (state BETWEEN 1 AND 24),
    start_time bigint   NOT NULL,
    end_time   bigint,
    message    text,
    PRIMARY KEY (flow_run, ordinal, attempt),
    CHECK ((end_time IS NULL) = (state BETWEEN 8 AND 10))
);

-- How many runs of a task are in a state, those that have no row yet included.
CREATE TABLE tally (
    flow_run bigint   NOT NULL,
    task     integer  NOT NULL,
    is_child smallint NOT NULL CHECK (is_child IN (0, 1)),
    state    smallint NOT NULL CHECK (state BETWEEN 1 AND 24),
    count    integer  NOT NULL CHECK (count >= 0),
    PRIMARY KEY (flow_run, task, is_child, state)
) WITH (fillfactor = 50);

-- ------------------------------------------------------------------------------------------------ beside the log, same commits

CREATE TABLE log_line (
    key      bigint  PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY,
    flow_run bigint  NOT NULL,
    ordinal  integer NOT NULL,
    attempt  integer NOT NULL,
    at       bigint  NOT NULL,
    level    integer NOT NULL,
    logger   text    NOT NULL,
    message  text    NOT NULL
);

CREATE INDEX log_line_of_task_run ON log_line (flow_run, ordinal, at);

-- NaN is kept as NULL.
CREATE TABLE metric (
    key      bigint  PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY,
    flow_run bigint  NOT NULL,
    ordinal  integer NOT NULL,
    attempt  integer NOT NULL,
    at       bigint  NOT NULL,
    name     text    NOT NULL,
    value    double precision,
    kind     text    NOT NULL,
    tags     text
);

CREATE INDEX metric_of_task_run ON metric (flow_run, ordinal, at);

-- What programs sent to a server, kept as it came; a cursor is never given twice.
CREATE TABLE received_event (
    cursor   bigint PRIMARY KEY,
    id       bytea  NOT NULL UNIQUE CHECK (length(id) = 16),
    at       bigint NOT NULL,
    name     text   NOT NULL,
    resource text   NOT NULL,
    received bigint NOT NULL,
    body     text   NOT NULL
);

-- A lease that was given up has an empty owner; its row stays, so that no token is ever given twice. Token 0 is that of a row
-- which was only made to be locked.
CREATE TABLE lease (
    flow_run bytea   PRIMARY KEY CHECK (length(flow_run) = 16),
    owner    text    NOT NULL,
    token    integer NOT NULL CHECK (token >= 0),
    expires  bigint  NOT NULL
) WITH (fillfactor = 50);

-- What somebody asked of a flow run, until and after its owner has answered.
CREATE TABLE request (
    key      bigint  PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY,
    id       bytea   NOT NULL UNIQUE CHECK (length(id) = 16),
    flow_run bigint  NOT NULL,
    at       bigint  NOT NULL,
    intent   text    NOT NULL CHECK (intent IN ('cancel', 'kill', 'pause', 'resume', 'restart', 'replay', 'mark')),
    ordinal  integer NOT NULL CHECK (ordinal >= 0),
    data     text,
    by       text    NOT NULL,
    taken_at bigint,
    answer   text,
    CHECK ((taken_at IS NULL) = (answer IS NULL))
);

CREATE INDEX request_of_flow_run ON request (flow_run);

-- An owner looks several times a second for what is open: those are few.
CREATE INDEX request_open ON request (flow_run) WHERE answer IS NULL;

-- Who holds, or waits for, a slot of a limit, in the order they came. It is held under the lease with `token`, 0 while it waits;
-- one that is kept outlives its lease.
CREATE TABLE slot (
    place    bigint   PRIMARY KEY GENERATED BY DEFAULT AS IDENTITY,
    name     text     NOT NULL,
    flow_run bytea    NOT NULL CHECK (length(flow_run) = 16),
    token    integer  NOT NULL DEFAULT 0,
    is_kept  smallint NOT NULL DEFAULT 0 CHECK (is_kept IN (0, 1)),
    UNIQUE (name, flow_run)
);

-- ------------------------------------------------------------------------------------------- values of namespaces, beside all runs

-- Keys are ordered by their code points, whatever the language of the database.
CREATE TABLE key_value (
    namespace   text    COLLATE "C" NOT NULL,
    key         text    COLLATE "C" NOT NULL,
    value       text    NOT NULL,
    type        text    NOT NULL,
    created     bigint  NOT NULL,
    updated     bigint  NOT NULL,
    version     integer NOT NULL CHECK (version >= 1),
    expires     bigint,
    description text,
    PRIMARY KEY (namespace, key)
);
