-- Which way a call went and how it came out. What an earlier version wrote has no direction, and gets its outcome together
-- with its words.
ALTER TABLE calls ADD COLUMN direction TEXT CHECK (direction IN ('inbound', 'outbound', 'internal'));
ALTER TABLE calls ADD COLUMN outcome TEXT CHECK (outcome IN ('answered', 'abandoned', 'missed', 'menu', 'refused'));

-- Days are counted without looking at the calls themselves.
DROP INDEX calls_day;
CREATE INDEX calls_day ON calls (arrived, direction, queue, outcome, wait_ms, talk_ms);

-- Calls are searched by their words, in the order of their ids, which is that of their arrival.
DROP INDEX calls_queue;
DROP INDEX calls_agent;
DROP INDEX calls_to;
CREATE TABLE calls_words (
    rowid BIGINT   PRIMARY KEY REFERENCES calls (id) ON DELETE CASCADE,
    words TEXT     NOT NULL,
    found TSVECTOR NOT NULL GENERATED ALWAYS AS (array_to_tsvector(string_to_array(words, ' '))) STORED
);
CREATE INDEX calls_found ON calls_words USING GIN (found);
-- How rare a word is must be known of many words: else a word that no call has is looked for in all of them, newest first.
ALTER TABLE calls_words ALTER COLUMN found SET STATISTICS 1000;

-- Calls that have no words yet: what was there before, which gets them bit by bit, the newest first.
ALTER TABLE calls ADD COLUMN worded BIGINT;
CREATE INDEX calls_wordless ON calls (arrived) WHERE worded IS NULL;
