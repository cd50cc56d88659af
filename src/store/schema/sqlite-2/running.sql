-- Numbers for the ids of packages that devices run, ran or tried, those that this server never
-- published too.
CREATE TABLE ran (
    number     INTEGER PRIMARY KEY,
    package_id BLOB NOT NULL UNIQUE,
    devices    INTEGER NOT NULL DEFAULT 0 -- that run it now
) STRICT;

-- Which devices run a package, as `counted` says which ones were counted: bit n mod 4096 of block
-- n div 4096 stands for device n. An index of record.package_id would cost a confirmation two more
-- pages. A block without a bit has no row.
CREATE TABLE running (
    package INTEGER NOT NULL, -- ran.number
    block   INTEGER NOT NULL,
    bits    BLOB NOT NULL, -- 512 bytes
    PRIMARY KEY (package, block)
) STRICT, WITHOUT ROWID;

-- The newest attempts, packed (headend/attempt.h), the newest first. The last column: who reads a
-- record need not pass over it.
ALTER TABLE record ADD COLUMN history BLOB;

-- For searches.
CREATE INDEX record_by_failure ON record (failed_code) WHERE failed_code IS NOT NULL;
CREATE INDEX seen_by_time ON seen (time);
