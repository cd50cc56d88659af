-- Data keys in generations.

-- Each wrapped under the master key. Two while one replaces the other.
CREATE TABLE data_key (
    generation INTEGER PRIMARY KEY,
    wrapped    BLOB NOT NULL, -- 40 bytes
    created    INTEGER NOT NULL
) STRICT;

INSERT INTO data_key (generation, wrapped, created)
SELECT 1, wrapped, created FROM server_key WHERE slot = 1;
DELETE FROM server_key WHERE slot = 1;

-- What is wrapped under a data key begins with its generation, 4 bytes, big-endian.
UPDATE device SET wrapped_secret = CAST(x'00000001' || wrapped_secret AS BLOB);
UPDATE package SET wrapped_content_key = CAST(x'00000001' || wrapped_content_key AS BLOB)
WHERE wrapped_content_key IS NOT NULL;
UPDATE server_key SET wrapped = CAST(x'00000001' || wrapped AS BLOB);
