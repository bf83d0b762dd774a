-- What the agent said became of the call.
ALTER TABLE calls ADD COLUMN disposition TEXT;
