-- The chain of the audit trail (SPEC 21). Entries of schema 1 get their hashes when the schema is
-- brought up (sqlite_audit.c), which is the only time that an entry has none.
ALTER TABLE audit ADD COLUMN hash BLOB NOT NULL DEFAULT x'';

DROP TRIGGER audit_is_final;
CREATE TRIGGER audit_is_final BEFORE UPDATE ON audit WHEN length(OLD.hash) > 0
BEGIN SELECT RAISE(ABORT, 'the audit trail is append only'); END;

CREATE INDEX audit_by_device ON audit (device_id) WHERE device_id IS NOT NULL;

-- Signed messages that say how far the trail went.
CREATE TABLE audit_checkpoint (
    entry   INTEGER PRIMARY KEY, -- audit.id
    time    INTEGER NOT NULL,
    message BLOB NOT NULL -- SPEC 21.3
) STRICT;

-- One row: which server this is. The id is drawn once and stays with the database.
CREATE TABLE server (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    server_id BLOB NOT NULL
) STRICT;

INSERT INTO server (id, server_id) VALUES (1, randomblob(16));
