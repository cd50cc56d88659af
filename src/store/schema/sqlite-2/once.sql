-- Answers that are given again when the same request comes again with its Idempotency-Key.
CREATE TABLE once (
    actor   TEXT NOT NULL,
    key     TEXT NOT NULL,
    digest  BLOB NOT NULL,    -- of the request
    created INTEGER NOT NULL,
    status  INTEGER,          -- NULL until it was answered
    answer  TEXT,
    PRIMARY KEY (actor, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX once_by_age ON once (created);
