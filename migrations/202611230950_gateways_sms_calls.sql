CREATE TABLE gateways (
  id BIGINT PRIMARY KEY,
  name TEXT NOT NULL,
  -- The name in topics and the MQTT user name.
  box TEXT NOT NULL UNIQUE,
  -- SHA-256 of the MQTT password (256 random bits, so no slow hash is needed).
  password_hash TEXT NOT NULL DEFAULT '',
  -- new (code issued), active, revoked
  state TEXT NOT NULL,
  claim_code_hash TEXT,
  claim_until BIGINT,
  -- Last command sequence signed for this box.
  command_seq BIGINT NOT NULL DEFAULT 0,
  -- What has been heard from it: boot and the highest event sequence committed.
  boot TEXT NOT NULL DEFAULT '',
  event_seq BIGINT NOT NULL DEFAULT 0,
  online BOOLEAN NOT NULL DEFAULT FALSE,
  seen_at BIGINT,
  -- JSON as reported: hardware and versions; state of each modem.
  info TEXT NOT NULL DEFAULT '{}',
  modems TEXT NOT NULL DEFAULT '{}',
  created_at BIGINT NOT NULL
);

-- Events of a box that were taken in; kept longer than the oldest backup so that a repeat is known.
CREATE TABLE gateway_events (
  gateway_id BIGINT NOT NULL REFERENCES gateways (id),
  eid TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (gateway_id, eid)
);

CREATE TABLE sms_templates (
  id BIGINT PRIMARY KEY,
  -- Templates that the system itself uses have a code, such as order_approved.
  code TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  text TEXT NOT NULL,
  enabled BOOLEAN NOT NULL DEFAULT TRUE,
  version BIGINT NOT NULL DEFAULT 1,
  updated_at BIGINT NOT NULL
);

CREATE TABLE sms_messages (
  id BIGINT PRIMARY KEY,
  -- The id on the wire (UUIDv7): the box knows a repeat by it.
  wire_id TEXT NOT NULL UNIQUE,
  gateway_id BIGINT REFERENCES gateways (id),
  owner_id BIGINT NOT NULL REFERENCES users (id),
  customer_id BIGINT REFERENCES customers (id),
  -- Why it was sent, such as ('order', id): a cause sends one message only.
  cause_kind TEXT NOT NULL DEFAULT '',
  cause_id BIGINT,
  digits TEXT NOT NULL,
  text TEXT NOT NULL,
  parts BIGINT NOT NULL,
  -- waiting (no box yet), offered (published), queued (box has it), sending, sent, delivered, undelivered, expired, failed, unknown, refused
  state TEXT NOT NULL,
  error TEXT NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL,
  offered_at BIGINT,
  sent_at BIGINT,
  delivered_at BIGINT,
  UNIQUE (cause_kind, cause_id)
);
CREATE INDEX sms_messages_by_customer ON sms_messages (customer_id, id);
CREATE INDEX sms_messages_by_owner ON sms_messages (owner_id, id);
CREATE INDEX sms_messages_open ON sms_messages (state, id);

CREATE TABLE sms_inbox (
  id BIGINT PRIMARY KEY,
  gateway_id BIGINT NOT NULL REFERENCES gateways (id),
  owner_id BIGINT REFERENCES users (id),
  customer_id BIGINT REFERENCES customers (id),
  digits TEXT NOT NULL,
  text TEXT NOT NULL,
  received_at BIGINT NOT NULL,
  read_at BIGINT
);
CREATE INDEX sms_inbox_by_customer ON sms_inbox (customer_id, id);
CREATE INDEX sms_inbox_by_owner ON sms_inbox (owner_id, id);

CREATE TABLE calls (
  id BIGINT PRIMARY KEY,
  gateway_id BIGINT NOT NULL REFERENCES gateways (id),
  -- The call's name on the box.
  call TEXT NOT NULL,
  line TEXT NOT NULL,
  owner_id BIGINT REFERENCES users (id),
  customer_id BIGINT REFERENCES customers (id),
  contact_id BIGINT REFERENCES contacts (id),
  digits TEXT NOT NULL DEFAULT '',
  name TEXT NOT NULL DEFAULT '',
  withheld BOOLEAN NOT NULL DEFAULT FALSE,
  -- ringing, ended (nobody said yet), answered, missed, called_back
  state TEXT NOT NULL,
  started_at BIGINT NOT NULL,
  ended_at BIGINT,
  -- Who said that they took it.
  answered_by BIGINT REFERENCES users (id),
  UNIQUE (gateway_id, call)
);
CREATE INDEX calls_by_customer ON calls (customer_id, id);
CREATE INDEX calls_by_owner ON calls (owner_id, id);
