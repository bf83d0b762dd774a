-- Customers. Tags are JSON; the day of the last complaint is written YYYY-MM-DD.
CREATE TABLE customers (
    id         TEXT   PRIMARY KEY,
    name       TEXT   NOT NULL,
    class      TEXT,
    tags       TEXT   NOT NULL,
    language   TEXT   CHECK (language IN ('zh-CN', 'en-US')),
    note       TEXT   NOT NULL,
    complaints BIGINT NOT NULL,
    complained TEXT,
    made       BIGINT NOT NULL,
    changed    BIGINT NOT NULL
);

-- By what a customer is known: a number with its country code, or a mail address. Each belongs to one.
CREATE TABLE contacts (
    kind     TEXT NOT NULL CHECK (kind IN ('number', 'mail')),
    point    TEXT NOT NULL,
    customer TEXT NOT NULL REFERENCES customers (id) ON DELETE CASCADE,
    PRIMARY KEY (kind, point)
);
CREATE INDEX contacts_customer ON contacts (customer);
