-- Who may come in by the network, and with what.
CREATE TABLE users (
    name    TEXT    PRIMARY KEY,
    may     TEXT    NOT NULL CHECK (may IN ('metrics', 'read', 'operate', 'admin')),
    made    INTEGER NOT NULL,
    removed INTEGER
);

-- Of a token only the hash is kept.
CREATE TABLE tokens (
    id      TEXT    PRIMARY KEY,
    owner   TEXT    NOT NULL REFERENCES users (name),
    scope   TEXT    NOT NULL CHECK (scope IN ('metrics', 'read', 'operate', 'admin')),
    note    TEXT    NOT NULL,
    hash    BLOB    NOT NULL,
    made    INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    revoked INTEGER
);

CREATE INDEX tokens_owner ON tokens (owner, id);

-- Who changed what. Each row carries the hash of the row before it: none can be changed or taken out unseen.
CREATE TABLE audit (
    number  INTEGER PRIMARY KEY,
    id      TEXT    NOT NULL UNIQUE,
    at      INTEGER NOT NULL,
    who     TEXT    NOT NULL,
    what    TEXT    NOT NULL,
    subject TEXT    NOT NULL,
    before  TEXT,
    after   TEXT,
    hash    TEXT    NOT NULL
);

CREATE INDEX audit_subject ON audit (subject, number);
CREATE INDEX audit_who ON audit (who, number);

CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is never changed'); END;
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is never deleted'); END;

-- The newest row's number and hash; taking it for writing puts the writers in a line.
CREATE TABLE audit_head (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    number INTEGER NOT NULL,
    hash   TEXT    NOT NULL
);
INSERT INTO audit_head (one, number, hash) VALUES (1, 0, '');
