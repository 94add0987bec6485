-- An opt-out that was read in doubt: it holds until a person has looked at it.
ALTER TABLE sms_blocks ADD COLUMN uncertain BOOLEAN NOT NULL DEFAULT FALSE;
-- Boxes that have not yet acknowledged a change of an opt-out. A box that has heard of an ending is not told
-- again: its number may have opted out anew since.
CREATE TABLE sms_block_tellings (
  gateway_id BIGINT NOT NULL REFERENCES gateways (id),
  block_id BIGINT NOT NULL REFERENCES sms_blocks (id),
  -- The command that tells it, once it was sent.
  command_id TEXT,
  told_at BIGINT,
  PRIMARY KEY (gateway_id, block_id)
);
CREATE INDEX sms_block_tellings_by_command ON sms_block_tellings (command_id) WHERE command_id IS NOT NULL;
-- Why the box could not decode a message, and the message as it came: hexadecimal, a line for each part.
ALTER TABLE sms_inbox ADD COLUMN unreadable TEXT NOT NULL DEFAULT '';
ALTER TABLE sms_inbox ADD COLUMN raw TEXT NOT NULL DEFAULT '';
CREATE INDEX sms_inbox_unreadable ON sms_inbox (id) WHERE unreadable <> '';
