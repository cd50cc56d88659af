-- Content: media whose keys are granted to devices that run a release (SPEC 20). Files are in the
-- data directory; rows are made when playlist, segments and keys are all there.
CREATE TABLE content (
    content_id BLOB PRIMARY KEY,
    release_id BLOB NOT NULL,
    name       TEXT NOT NULL,
    segments   INTEGER NOT NULL,
    keys       INTEGER NOT NULL,
    size       INTEGER NOT NULL, -- bytes of playlist and segments
    created    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE content_key (
    key_id      BLOB PRIMARY KEY,
    content_id  BLOB NOT NULL,
    wrapped_key BLOB NOT NULL -- PAWL_VAULT_CONTENT_OBJECT_KEY
) STRICT, WITHOUT ROWID;

CREATE INDEX content_key_by_content ON content_key (content_id);
CREATE INDEX package_by_release ON package (release_id);
