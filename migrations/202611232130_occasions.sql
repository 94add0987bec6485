-- 节日与生日祝福: messages that go every year by themselves.
CREATE TABLE occasions (
  id BIGINT PRIMARY KEY,
  owner_id BIGINT NOT NULL REFERENCES users (id),
  name TEXT NOT NULL,
  -- birthday (each contact's own day), solar or lunar (month and day below)
  kind TEXT NOT NULL,
  month BIGINT NOT NULL DEFAULT 0,
  day BIGINT NOT NULL DEFAULT 0,
  text TEXT NOT NULL,
  -- Not before this minute of the China day.
  minute BIGINT NOT NULL,
  enabled BOOLEAN NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL
);

-- One run of an occasion in a day, whatever came of it.
CREATE TABLE occasion_runs (
  occasion_id BIGINT NOT NULL REFERENCES occasions (id),
  day TEXT NOT NULL,
  -- sent, nobody, skipped (the clock had jumped)
  outcome TEXT NOT NULL,
  campaign_id BIGINT REFERENCES campaigns (id),
  at BIGINT NOT NULL,
  PRIMARY KEY (occasion_id, day)
);
