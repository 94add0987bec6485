-- The run of the box that told of the call: what still rings when another run begins has ended.
ALTER TABLE calls ADD COLUMN boot TEXT NOT NULL DEFAULT '';
-- Calls of which nobody said what became of them.
CREATE INDEX calls_open ON calls (state, started_at) WHERE state IN ('ringing', 'ended');
