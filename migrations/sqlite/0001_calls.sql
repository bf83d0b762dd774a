-- Finished calls. Times are microseconds since 1970 in UTC; causes are those of ITU-T Q.850.
CREATE TABLE calls (
    id          INTEGER PRIMARY KEY,
    from_number TEXT,
    from_name   TEXT    NOT NULL,
    to_number   TEXT    NOT NULL,
    arrived     INTEGER NOT NULL,
    answered    INTEGER,
    ended       INTEGER NOT NULL,
    cause       INTEGER NOT NULL,
    ended_by    TEXT    NOT NULL CHECK (ended_by IN ('caller', 'callee', 'tandem', 'engine')),
    queue       TEXT,
    wait_ms     INTEGER NOT NULL,
    talk_ms     INTEGER NOT NULL,
    agent       TEXT,
    steps       TEXT    NOT NULL
);

CREATE INDEX calls_ended ON calls (ended);
CREATE INDEX calls_queue ON calls (queue, ended) WHERE queue IS NOT NULL;
CREATE INDEX calls_agent ON calls (agent, ended) WHERE agent IS NOT NULL;
CREATE INDEX calls_from ON calls (from_number, ended) WHERE from_number IS NOT NULL;
CREATE INDEX calls_to ON calls (to_number, ended);
CREATE INDEX calls_day ON calls (arrived, wait_ms, talk_ms);

CREATE TABLE legs (
    call     INTEGER NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    place    INTEGER NOT NULL,
    leg      TEXT    NOT NULL,
    role     TEXT    NOT NULL CHECK (role IN ('caller', 'agent', 'extension', 'outside')),
    party    TEXT    NOT NULL,
    began    INTEGER NOT NULL,
    answered INTEGER,
    ended    INTEGER,
    cause    INTEGER,
    PRIMARY KEY (call, place)
) WITHOUT ROWID;

-- What others are to be told, in order; one row for each thing that happened.
CREATE TABLE outbox (
    number  INTEGER PRIMARY KEY AUTOINCREMENT,
    topic   TEXT    NOT NULL,
    subject INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    UNIQUE (topic, subject)
);
