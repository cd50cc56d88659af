-- Why a device was quarantined last: what was recorded and what was reported. It stays when the
-- device is released, until the next quarantine.
CREATE TABLE evidence (
    device              INTEGER PRIMARY KEY, -- device.number
    time                INTEGER NOT NULL,
    recorded_sequence   INTEGER NOT NULL,
    recorded_instance   BLOB,
    recorded_package_id BLOB,
    reported_sequence   INTEGER NOT NULL,
    reported_instance   BLOB,
    reported_package_id BLOB,
    source              TEXT NOT NULL -- the address that the report came from
) STRICT;

ALTER TABLE total ADD COLUMN decommissioned INTEGER NOT NULL DEFAULT 0;
