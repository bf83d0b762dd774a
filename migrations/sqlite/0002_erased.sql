-- When what could tell of a person was removed from a call. What was dialled outside is looked for by its number.
ALTER TABLE calls ADD COLUMN erased INTEGER;
CREATE INDEX legs_outside ON legs (party, call) WHERE role = 'outside';
