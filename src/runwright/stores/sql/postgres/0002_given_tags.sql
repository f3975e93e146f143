-- What people and programs call a task run afterwards, beside the tags of its task.
CREATE TABLE given_tag (
    flow_run bigint  NOT NULL,
    ordinal  bigint  NOT NULL CHECK (ordinal >= 1),
    tag      text    COLLATE "C" NOT NULL CHECK (tag <> ''),
    by       text    NOT NULL,
    at       bigint  NOT NULL,
    PRIMARY KEY (flow_run, ordinal, tag)
);

-- Who looks for a tag looks for a few task runs among many.
CREATE INDEX given_tag_by_tag ON given_tag (tag, flow_run, ordinal);
