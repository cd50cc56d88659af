-- Campaigns: a row, and one for each stage, whatever the number of devices. Their numbers are those
-- of assignment.id too, so that `counted` serves both.
CREATE TABLE campaign (
    id             INTEGER PRIMARY KEY,
    name           TEXT NOT NULL,
    target_kind    INTEGER NOT NULL, -- enum pawl_target_kind
    target_id      BLOB,             -- class_id
    target_group   TEXT,
    package_id     BLOB NOT NULL,
    window_from    INTEGER,          -- minutes of the day; NULL: no window
    window_until   INTEGER,
    window_zone    INTEGER,          -- minutes east of UTC
    rate           INTEGER NOT NULL, -- offers a minute; 0: no limit
    needs_approval INTEGER NOT NULL,
    creator        TEXT NOT NULL,
    approver       TEXT NOT NULL DEFAULT '',
    created        INTEGER NOT NULL,
    version        INTEGER NOT NULL DEFAULT 1, -- grows with each change of what follows
    state          INTEGER NOT NULL, -- enum pawl_campaign_state
    since          INTEGER NOT NULL,
    started        INTEGER NOT NULL DEFAULT 0,
    generation     INTEGER NOT NULL DEFAULT 0,
    reason         TEXT NOT NULL DEFAULT '',
    listed         INTEGER NOT NULL DEFAULT 0, -- devices of a list
    basis          INTEGER,          -- devices of the target when it was counted; NULL: not yet
    already        INTEGER NOT NULL DEFAULT 0  -- devices found running the package
) STRICT;

CREATE INDEX campaign_by_state ON campaign (state);

CREATE TABLE campaign_stage (
    campaign  INTEGER NOT NULL,
    stage     INTEGER NOT NULL, -- from 1
    slots     INTEGER NOT NULL, -- where its slots end
    success   INTEGER NOT NULL, -- millionths, as the next
    error     INTEGER NOT NULL,
    minimum   INTEGER NOT NULL,
    deadline  INTEGER NOT NULL, -- seconds, as the next
    soak      INTEGER NOT NULL,
    action    INTEGER NOT NULL, -- enum pawl_success_action
    state     INTEGER NOT NULL, -- enum pawl_stage_state
    passed    INTEGER NOT NULL DEFAULT 0,
    opened    INTEGER NOT NULL DEFAULT 0,
    succeeded INTEGER NOT NULL DEFAULT 0,
    excused   INTEGER NOT NULL DEFAULT 0,
    total     INTEGER NOT NULL DEFAULT 0,
    finished  INTEGER NOT NULL DEFAULT 0,
    failed    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (campaign, stage)
) STRICT, WITHOUT ROWID;

-- Devices as bits, in the blocks of `counted`: those of a list, and those that count as failed.
CREATE TABLE campaign_listed (
    campaign INTEGER NOT NULL,
    block    INTEGER NOT NULL,
    bits     BLOB NOT NULL, -- 512 bytes
    PRIMARY KEY (campaign, block)
) STRICT, WITHOUT ROWID;

CREATE TABLE campaign_failed (
    campaign INTEGER NOT NULL,
    block    INTEGER NOT NULL,
    bits     BLOB NOT NULL, -- 512 bytes
    PRIMARY KEY (campaign, block)
) STRICT, WITHOUT ROWID;

-- Which try of a campaign a failed attempt belonged to, and whether it was counted there.
ALTER TABLE record ADD COLUMN failed_attempt INTEGER;
ALTER TABLE record ADD COLUMN failed_settled INTEGER;

-- A list of groups says how many each has, and a group that is renamed keeps them.
CREATE INDEX assignment_by_group ON assignment (target_group) WHERE target_group IS NOT NULL;
