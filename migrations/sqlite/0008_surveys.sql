-- What the caller answered who was asked how it was: the queue and the agent it is about, the best answer, and the answer,
-- which nobody gave where it is nothing.
ALTER TABLE calls ADD COLUMN rated_queue TEXT;
ALTER TABLE calls ADD COLUMN rated_agent TEXT;
ALTER TABLE calls ADD COLUMN rated_of INTEGER;
ALTER TABLE calls ADD COLUMN rating INTEGER;
CREATE INDEX calls_rated ON calls (arrived) WHERE rated_of IS NOT NULL;
