-- What somebody wants to be asked by SMS: approvals, as until now, and tasks that others give them.
ALTER TABLE decision_people ADD COLUMN approvals BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE decision_people ADD COLUMN tasks BOOLEAN NOT NULL DEFAULT FALSE;

-- The code of one task as it stood when it was told, sent to one number.
CREATE TABLE decision_task_codes (
  id BIGINT PRIMARY KEY,
  task_id BIGINT NOT NULL UNIQUE REFERENCES tasks (id),
  -- The task's version then: the answer is to what was read.
  version BIGINT NOT NULL,
  user_id BIGINT NOT NULL REFERENCES users (id),
  digits TEXT NOT NULL,
  code TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  used_as TEXT
);
CREATE INDEX decision_task_codes_by_digits ON decision_task_codes (digits, code);
ALTER TABLE decision_answers ADD COLUMN task_code_id BIGINT REFERENCES decision_task_codes (id);
