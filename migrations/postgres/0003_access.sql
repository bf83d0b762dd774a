-- Who may come in by the network, and with what.
CREATE TABLE users (
    name    TEXT   PRIMARY KEY,
    may     TEXT   NOT NULL CHECK (may IN ('metrics', 'read', 'operate', 'admin')),
    made    BIGINT NOT NULL,
    removed BIGINT
);

-- Of a token only the hash is kept.
CREATE TABLE tokens (
    id      TEXT   PRIMARY KEY,
    owner   TEXT   NOT NULL REFERENCES users (name),
    scope   TEXT   NOT NULL CHECK (scope IN ('metrics', 'read', 'operate', 'admin')),
    note    TEXT   NOT NULL,
    hash    BYTEA  NOT NULL,
    made    BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    revoked BIGINT
);

CREATE INDEX tokens_owner ON tokens (owner, id);

-- Who changed what. Each row carries the hash of the row before it: none can be changed or taken out unseen.
CREATE TABLE audit (
    number  BIGINT PRIMARY KEY,
    id      TEXT   NOT NULL UNIQUE,
    at      BIGINT NOT NULL,
    who     TEXT   NOT NULL,
    what    TEXT   NOT NULL,
    subject TEXT   NOT NULL,
    before  TEXT,
    after   TEXT,
    hash    TEXT   NOT NULL
);

CREATE INDEX audit_subject ON audit (subject, number);
CREATE INDEX audit_who ON audit (who, number);

CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit is never changed or deleted'; END; $$;
CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE ON audit
FOR EACH ROW EXECUTE FUNCTION audit_stays();
CREATE TRIGGER audit_is_kept BEFORE TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION audit_stays();

-- The newest row's number and hash; taking it for writing puts the writers in a line.
CREATE TABLE audit_head (
    one    BIGINT PRIMARY KEY CHECK (one = 1),
    number BIGINT NOT NULL,
    hash   TEXT   NOT NULL
);
INSERT INTO audit_head (one, number, hash) VALUES (1, 0, '');
