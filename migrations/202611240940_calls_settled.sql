-- When a call was taken or called back, for the log of calls to return.
ALTER TABLE calls ADD COLUMN settled_at BIGINT;
CREATE INDEX calls_to_return ON calls (id) WHERE state IN ('missed', 'called_back');
