-- What people and programs call a task run afterwards, beside the tags of its task.
CREATE TABLE given_tag (
    flow_run INTEGER NOT NULL,
    ordinal  INTEGER NOT NULL CHECK (ordinal >= 1),
    tag      TEXT    NOT NULL CHECK (tag <> ''),
    by       TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (flow_run, ordinal, tag)
) STRICT, WITHOUT ROWID;

-- Who looks for a tag looks for a few task runs among many.
CREATE INDEX given_tag_by_tag ON given_tag (tag, flow_run, ordinal);
