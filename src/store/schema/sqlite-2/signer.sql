-- Of a package, as its manifest says: which vendor key signed it, which ones it revokes (their ids
-- one behind the other), and its profile. NULL in rows of before.
ALTER TABLE package ADD COLUMN signed_by BLOB;
ALTER TABLE package ADD COLUMN revokes BLOB;
ALTER TABLE package ADD COLUMN profile INTEGER;
