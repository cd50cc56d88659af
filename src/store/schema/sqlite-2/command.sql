-- Commands that wait to be taken (SPEC 19.2). A number is never used again.
CREATE TABLE command (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    device   INTEGER NOT NULL, -- device.number
    kind     INTEGER NOT NULL, -- enum pawl_command_kind
    argument BLOB,             -- of a message its text, of a diagnostic the package_id
    seconds  INTEGER,          -- of a poll interval
    actor    TEXT NOT NULL,
    created  INTEGER NOT NULL,
    expires  INTEGER NOT NULL
) STRICT;

CREATE INDEX command_by_device ON command (device, number);
CREATE INDEX command_by_expiry ON command (expires);

-- How many there are for a device, so that a poll of one without commands looks for none; and the
-- poll interval that a command has set.
ALTER TABLE device ADD COLUMN commands INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN poll_after INTEGER;
