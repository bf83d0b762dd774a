-- What the conversations of a call were about, as JSON.
ALTER TABLE calls ADD COLUMN summary TEXT;
