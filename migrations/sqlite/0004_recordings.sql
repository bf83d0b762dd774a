-- What was recorded of a call, each in the file SOUND.wav; `pauses` is JSON, like the steps of a call.
CREATE TABLE recordings (
    call       INTEGER NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    place      INTEGER NOT NULL,
    sound      TEXT    NOT NULL,
    leg        TEXT    NOT NULL,
    ordered_by TEXT,
    began      INTEGER NOT NULL,
    ended      INTEGER,
    pauses     TEXT    NOT NULL,
    PRIMARY KEY (call, place)
) WITHOUT ROWID;
