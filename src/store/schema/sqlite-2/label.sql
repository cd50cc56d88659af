-- Labels of devices. A row of `label` is there as long as a device has it.
CREATE TABLE label (
    number  INTEGER PRIMARY KEY,
    key     TEXT NOT NULL,
    value   TEXT NOT NULL,
    devices INTEGER NOT NULL DEFAULT 0,
    UNIQUE (key, value)
) STRICT;

CREATE TABLE device_label (
    label  INTEGER NOT NULL, -- label.number
    device INTEGER NOT NULL, -- device.number
    PRIMARY KEY (label, device)
) STRICT, WITHOUT ROWID;

CREATE INDEX device_label_by_device ON device_label (device);
