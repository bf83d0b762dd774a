-- What was recorded of a call, each in the file SOUND.wav; `pauses` is JSON, like the steps of a call.
CREATE TABLE recordings (
    call       BIGINT  NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    place      BIGINT  NOT NULL,
    sound      TEXT    NOT NULL,
    leg        TEXT    NOT NULL,
    ordered_by TEXT,
    began      BIGINT  NOT NULL,
    ended      BIGINT,
    pauses     TEXT    NOT NULL,
    PRIMARY KEY (call, place)
);
