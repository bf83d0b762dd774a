-- Finished calls. Times are microseconds since 1970 in UTC; causes are those of ITU-T Q.850.
CREATE TABLE calls (
    id          BIGINT PRIMARY KEY,
    from_number TEXT,
    from_name   TEXT   NOT NULL,
    to_number   TEXT   NOT NULL,
    arrived     BIGINT NOT NULL,
    answered    BIGINT,
    ended       BIGINT NOT NULL,
    cause       BIGINT NOT NULL,
    ended_by    TEXT   NOT NULL CHECK (ended_by IN ('caller', 'callee', 'tandem', 'engine')),
    queue       TEXT,
    wait_ms     BIGINT NOT NULL,
    talk_ms     BIGINT NOT NULL,
    agent       TEXT,
    steps       TEXT   NOT NULL
);

CREATE INDEX calls_ended ON calls (ended, id);
CREATE INDEX calls_queue ON calls (queue, ended) WHERE queue IS NOT NULL;
CREATE INDEX calls_agent ON calls (agent, ended) WHERE agent IS NOT NULL;
CREATE INDEX calls_from ON calls (from_number, ended) WHERE from_number IS NOT NULL;
CREATE INDEX calls_to ON calls (to_number, ended);
CREATE INDEX calls_day ON calls (arrived, wait_ms, talk_ms);

CREATE TABLE legs (
    call     BIGINT NOT NULL REFERENCES calls (id) ON DELETE CASCADE,
    place    BIGINT NOT NULL,
    leg      TEXT   NOT NULL,
    role     TEXT   NOT NULL CHECK (role IN ('caller', 'agent', 'extension', 'outside')),
    party    TEXT   NOT NULL,
    began    BIGINT NOT NULL,
    answered BIGINT,
    ended    BIGINT,
    cause    BIGINT,
    PRIMARY KEY (call, place)
);

-- What others are to be told, in order; one row for each thing that happened.
CREATE TABLE outbox (
    number  BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic   TEXT   NOT NULL,
    subject BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    UNIQUE (topic, subject)
);
