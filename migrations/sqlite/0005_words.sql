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
CREATE VIRTUAL TABLE calls_words USING fts5(words, detail = none, tokenize = "ascii tokenchars ':^-_.+*#'");
-- What is erased leaves no trace.
INSERT INTO calls_words (calls_words, rank) VALUES ('secure-delete', 1);

-- Calls that have no words yet: what was there before, which gets them bit by bit, the newest first.
ALTER TABLE calls ADD COLUMN worded INTEGER;
CREATE INDEX calls_wordless ON calls (arrived) WHERE worded IS NULL;
