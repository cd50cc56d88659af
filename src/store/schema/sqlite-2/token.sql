-- Who may speak to the operator API over the network. A row is never deleted: the audit names it.
CREATE TABLE token (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    name      TEXT NOT NULL,
    digest    BLOB NOT NULL UNIQUE, -- of a token, or of a certificate's subject
    role      INTEGER NOT NULL,     -- enum pawl_role
    subject   TEXT,                 -- of a client certificate; NULL: a bearer token
    created   INTEGER NOT NULL,
    expires   INTEGER,              -- NULL: never
    last_used INTEGER,
    revoked   INTEGER               -- when
) STRICT;

-- A name is free again when what had it was revoked.
CREATE UNIQUE INDEX token_by_name ON token (name) WHERE revoked IS NULL;
