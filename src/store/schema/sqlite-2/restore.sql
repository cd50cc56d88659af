-- Backups and what happens after one is put back (SPEC 21).

-- One row in a copy that was made as a backup, none in the database that is used: what has it was
-- put back.
CREATE TABLE backup_mark (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    time  INTEGER NOT NULL,
    entry INTEGER NOT NULL -- the newest of the audit trail
) STRICT;

-- Each time that one was. The sums of `total` as they were then show what was learnt since; in
-- the end they are what was learnt.
CREATE TABLE restoration (
    entry        INTEGER PRIMARY KEY, -- audit.id of the one that tells of it
    time         INTEGER NOT NULL,
    backup_time  INTEGER NOT NULL, -- 0: not known
    caught_up    INTEGER NOT NULL,
    learnt       INTEGER NOT NULL,
    unattributed INTEGER NOT NULL,
    settled      INTEGER NOT NULL DEFAULT 0 -- when; 0: not yet
) STRICT;

-- Reports that were several downloads ahead; the downloads that they told of; confirmations that
-- counted for nothing.
ALTER TABLE total ADD COLUMN caught_up    INTEGER NOT NULL DEFAULT 0;
ALTER TABLE total ADD COLUMN learnt       INTEGER NOT NULL DEFAULT 0;
ALTER TABLE total ADD COLUMN unattributed INTEGER NOT NULL DEFAULT 0;
