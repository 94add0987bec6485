-- 短信群发: one text to many contacts.
CREATE TABLE campaigns (
  id BIGINT PRIMARY KEY,
  owner_id BIGINT NOT NULL REFERENCES users (id),
  name TEXT NOT NULL,
  text TEXT NOT NULL,
  -- What {产品} stands for.
  product TEXT NOT NULL DEFAULT '',
  -- all, region (region_id), view (view and q, as the customers' list has them), picked (campaign_picks),
  -- birthday (those whose day is `day`)
  audience TEXT NOT NULL,
  region_id BIGINT REFERENCES regions (id),
  view TEXT NOT NULL DEFAULT '',
  q TEXT NOT NULL DEFAULT '',
  -- draft, running (perhaps not before starts_at), paused, done, cancelled
  state TEXT NOT NULL,
  starts_at BIGINT,
  -- Why it makes no headway just now: quiet, company_cap
  held TEXT NOT NULL DEFAULT '',
  -- Kept counters, moved with the recipient's state.
  total BIGINT NOT NULL DEFAULT 0,
  excluded BIGINT NOT NULL DEFAULT 0,
  queued BIGINT NOT NULL DEFAULT 0,
  sent BIGINT NOT NULL DEFAULT 0,
  delivered BIGINT NOT NULL DEFAULT 0,
  failed BIGINT NOT NULL DEFAULT 0,
  unknown BIGINT NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  ended_at BIGINT,
  version BIGINT NOT NULL DEFAULT 1
);
CREATE INDEX campaigns_open ON campaigns (id) WHERE state = 'running' OR queued > 0;

CREATE TABLE campaign_picks (
  campaign_id BIGINT NOT NULL REFERENCES campaigns (id),
  contact_id BIGINT NOT NULL REFERENCES contacts (id),
  PRIMARY KEY (campaign_id, contact_id)
);

CREATE TABLE campaign_recipients (
  campaign_id BIGINT NOT NULL REFERENCES campaigns (id),
  contact_id BIGINT NOT NULL,
  customer_id BIGINT NOT NULL,
  -- Whose customer it was when the campaign was released.
  owner_id BIGINT NOT NULL,
  digits TEXT NOT NULL,
  -- excluded (for a reason), pending, queued, sent, delivered, failed, unknown
  state TEXT NOT NULL,
  -- no_mobile, range, blacklist, optout, no_consent, duplicate, and what sending may refuse later
  reason TEXT NOT NULL DEFAULT '',
  message_id BIGINT,
  PRIMARY KEY (campaign_id, contact_id)
);
CREATE INDEX campaign_recipients_pending ON campaign_recipients (campaign_id, contact_id) WHERE state = 'pending';
CREATE INDEX campaign_recipients_by_state ON campaign_recipients (campaign_id, state, contact_id);
CREATE INDEX campaign_recipients_by_message ON campaign_recipients (message_id) WHERE message_id IS NOT NULL;
