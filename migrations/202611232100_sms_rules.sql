-- What a message is for decides about quiet hours, consent and opt-out.
ALTER TABLE sms_messages ADD COLUMN class TEXT NOT NULL DEFAULT 'service';
-- Parts were missing when the box gave up waiting for them.
ALTER TABLE sms_inbox ADD COLUMN incomplete BOOLEAN NOT NULL DEFAULT FALSE;

-- Numbers that are not written to. A row that no longer holds stays with its end, so that a box that was
-- away can be told to forget it.
CREATE TABLE sms_blocks (
  id BIGINT PRIMARY KEY,
  digits TEXT NOT NULL,
  -- optout 退订: the receiver said so, no marketing; blacklist 黑名单: somebody here did, no message at all
  kind TEXT NOT NULL,
  note TEXT NOT NULL DEFAULT '',
  -- The proof: the words that came in, or who entered it.
  inbox_id BIGINT REFERENCES sms_inbox (id),
  by_id BIGINT REFERENCES users (id),
  at BIGINT NOT NULL,
  ended_at BIGINT,
  UNIQUE (digits, kind)
);
CREATE INDEX sms_blocks_by_age ON sms_blocks (at);

-- Messages of a China day, counted as they are made: counting 50,000 rows for each new one would be the
-- slowest part of a campaign.
CREATE TABLE sms_days (
  day TEXT NOT NULL,
  -- company, person:<user id>, to:<digits>, box:<gateway id>
  about TEXT NOT NULL,
  n BIGINT NOT NULL,
  PRIMARY KEY (day, about)
);
CREATE INDEX sms_messages_waiting ON sms_messages (class, id) WHERE state = 'waiting';
