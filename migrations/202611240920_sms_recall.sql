-- A message that is wanted back: by whom (person, campaign; empty for none), the id of the command that asks the
-- box for it while no answer has come, since when it is asked, and whether the box said that it is too late.
ALTER TABLE sms_messages ADD COLUMN recall TEXT NOT NULL DEFAULT '';
ALTER TABLE sms_messages ADD COLUMN recall_id TEXT;
ALTER TABLE sms_messages ADD COLUMN recalled_at BIGINT;
ALTER TABLE sms_messages ADD COLUMN recall_late BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX sms_messages_by_recall ON sms_messages (recall_id) WHERE recall_id IS NOT NULL;
