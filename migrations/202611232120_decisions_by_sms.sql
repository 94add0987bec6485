-- 短信审批: who wants to be asked by SMS.
CREATE TABLE decision_people (
  user_id BIGINT PRIMARY KEY REFERENCES users (id),
  since BIGINT NOT NULL
);

-- The code of one step, sent to one number: only that number can answer it, once, for a day.
CREATE TABLE decision_codes (
  id BIGINT PRIMARY KEY,
  approval_id BIGINT NOT NULL REFERENCES approvals (id),
  step_id BIGINT NOT NULL UNIQUE REFERENCES approval_steps (id),
  user_id BIGINT NOT NULL REFERENCES users (id),
  digits TEXT NOT NULL,
  code TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  -- What was decided by it: approved, rejected.
  used_as TEXT
);
CREATE INDEX decision_codes_by_digits ON decision_codes (digits, code);
CREATE INDEX decision_codes_by_code ON decision_codes (code);

-- Every message that looked like an answer, and what came of it.
CREATE TABLE decision_answers (
  inbox_id BIGINT PRIMARY KEY REFERENCES sms_inbox (id),
  digits TEXT NOT NULL,
  code_id BIGINT REFERENCES decision_codes (id),
  user_id BIGINT REFERENCES users (id),
  outcome TEXT NOT NULL,
  at BIGINT NOT NULL
);
CREATE INDEX decision_answers_by_digits ON decision_answers (digits, at);
CREATE INDEX decision_answers_by_user ON decision_answers (user_id, at);
