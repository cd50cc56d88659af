-- Schema 1. Runs in one transaction; user_version is set by the program after it. A released script
-- is never changed: the next schema is a further script (CMakeLists.txt, scripts[] in sqlite.c,
-- PAWL_STORE_SCHEMA), and a database of any earlier one is brought up by those that it lacks.
-- 64-bit unsigned numbers are kept as the signed ones with the same bits: they are only compared
-- for equality.

PRAGMA application_id = 0x5041574c; -- "PAWL"

-- Names that rows of `device` share. Rows are added, never changed or deleted, except for the
-- number of devices that have the name.
CREATE TABLE class (
    number    INTEGER PRIMARY KEY,
    vendor_id BLOB NOT NULL,
    class_id  BLOB NOT NULL UNIQUE,
    devices   INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE device_group (
    number  INTEGER PRIMARY KEY,
    name    TEXT NOT NULL UNIQUE,
    devices INTEGER NOT NULL DEFAULT 0
) STRICT;

-- What never changes of a device but its group. Rows are in the order of import: an import appends,
-- whatever ids it brings.
CREATE TABLE device (
    number         INTEGER PRIMARY KEY,
    device_id      BLOB NOT NULL UNIQUE,
    wrapped_secret BLOB NOT NULL,
    class          INTEGER NOT NULL, -- class.number
    device_group   INTEGER,          -- device_group.number
    chain_length   INTEGER NOT NULL,
    maximum        INTEGER
) STRICT;

CREATE INDEX device_by_class ON device (class);
CREATE INDEX device_by_group ON device (device_group) WHERE device_group IS NOT NULL;

-- What reports change of a device; no row stands for the one that it begins with. Apart from
-- `device`, so that confirmations of a large fleet write few pages.
CREATE TABLE record (
    device            INTEGER PRIMARY KEY, -- device.number
    sequence          INTEGER NOT NULL,
    standing          INTEGER NOT NULL DEFAULT 0, -- enum pawl_standing
    quarantine        INTEGER NOT NULL DEFAULT 0, -- enum pawl_finding
    instance          BLOB,
    package_id        BLOB,
    failed_package_id BLOB,
    failed_code       INTEGER,
    failed_retries    INTEGER,
    retry_asked       INTEGER
) STRICT;

CREATE INDEX record_by_standing ON record (standing) WHERE standing <> 0;

-- Tags of all unit secrets ever imported: none is accepted twice.
CREATE TABLE secret_tag (
    tag BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- Apart from `record`, because it is written often and without haste.
CREATE TABLE seen (
    device INTEGER PRIMARY KEY, -- device.number
    time   INTEGER NOT NULL
) STRICT;

CREATE TABLE package (
    package_id          BLOB PRIMARY KEY,
    release_id          BLOB NOT NULL,
    vendor_id           BLOB NOT NULL,
    class_id            BLOB NOT NULL,
    name                TEXT NOT NULL,
    version             TEXT NOT NULL,
    security_version    INTEGER NOT NULL,
    mode                INTEGER NOT NULL,
    chunk_size          INTEGER NOT NULL,
    image_size          INTEGER NOT NULL,
    package_size        INTEGER NOT NULL,
    created             INTEGER NOT NULL,
    wrapped_content_key BLOB -- NULL until it is given
) STRICT, WITHOUT ROWID;

CREATE TABLE assignment (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    target_kind  INTEGER NOT NULL, -- enum pawl_target_kind
    target_id    BLOB,             -- class_id or device_id
    target_group TEXT,
    package_id   BLOB NOT NULL,
    created      INTEGER NOT NULL,
    confirmed    INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Which devices are in assignment.confirmed, so that none is counted twice: bit n mod 4096 of block
-- n div 4096 (bit 0 is the lowest of byte 0) stands for device n.
CREATE TABLE counted (
    assignment INTEGER NOT NULL,
    block      INTEGER NOT NULL,
    bits       BLOB NOT NULL, -- 512 bytes
    PRIMARY KEY (assignment, block)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    id        INTEGER PRIMARY KEY,
    time      INTEGER NOT NULL,
    actor     TEXT NOT NULL,
    action    TEXT NOT NULL,
    device_id BLOB,
    detail    TEXT NOT NULL
) STRICT;

CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is append only'); END;
CREATE TRIGGER audit_is_final BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is append only'); END;

CREATE TABLE server_key (
    slot    INTEGER PRIMARY KEY, -- enum pawl_key_slot
    wrapped BLOB NOT NULL,
    created INTEGER NOT NULL
) STRICT;

-- One row: sums that would take a scan, and the version of packages and assignments.
CREATE TABLE total (
    id             INTEGER PRIMARY KEY CHECK (id = 1),
    devices        INTEGER NOT NULL DEFAULT 0,
    quarantined    INTEGER NOT NULL DEFAULT 0,
    packages       INTEGER NOT NULL DEFAULT 0,
    assignments    INTEGER NOT NULL DEFAULT 0,
    confirmations  INTEGER NOT NULL DEFAULT 0,
    sequence_total INTEGER NOT NULL DEFAULT 0,
    plan_version   INTEGER NOT NULL DEFAULT 0
) STRICT;

INSERT INTO total (id) VALUES (1);
