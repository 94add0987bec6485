-- Events of a box that could not be taken in, after some tries or because they cannot be read. They are acknowledged
-- all the same, so that they hold up no other, and wait here for a person.
CREATE TABLE gateway_failures (
  id BIGINT PRIMARY KEY,
  gateway_id BIGINT NOT NULL REFERENCES gateways (id),
  eid TEXT NOT NULL,
  -- The topic below the box's name, such as evt/sms.
  topic TEXT NOT NULL,
  -- As it came.
  payload TEXT NOT NULL,
  error TEXT NOT NULL,
  -- aside (for a person), done (taken in after all), dropped (by a person)
  state TEXT NOT NULL,
  at BIGINT NOT NULL,
  UNIQUE (gateway_id, eid)
);
CREATE INDEX gateway_failures_aside ON gateway_failures (gateway_id, id) WHERE state = 'aside';
-- Since when a box is connected.
ALTER TABLE gateways ADD COLUMN online_at BIGINT;
