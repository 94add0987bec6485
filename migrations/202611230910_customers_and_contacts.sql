CREATE TABLE regions (
  id BIGINT PRIMARY KEY,
  parent_id BIGINT REFERENCES regions (id),
  name TEXT NOT NULL,
  path TEXT NOT NULL UNIQUE
);

CREATE TABLE price_levels (
  id BIGINT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  position BIGINT NOT NULL
);

CREATE TABLE customers (
  id BIGINT PRIMARY KEY,
  owner_id BIGINT NOT NULL REFERENCES users (id),
  name TEXT NOT NULL,
  short_name TEXT NOT NULL DEFAULT '',
  -- 助记码: pinyin initials of the name, may be edited; lists are sorted by it.
  mnemonic TEXT NOT NULL DEFAULT '',
  class TEXT NOT NULL DEFAULT 'company',
  kind TEXT NOT NULL DEFAULT '',
  level TEXT NOT NULL DEFAULT '',
  stage TEXT NOT NULL DEFAULT '',
  heat TEXT NOT NULL DEFAULT 'none',
  source TEXT NOT NULL DEFAULT '',
  region_id BIGINT REFERENCES regions (id),
  address TEXT NOT NULL DEFAULT '',
  -- WGS-84, set by the first visit; converted only for map links.
  lat DOUBLE PRECISION,
  lng DOUBLE PRECISION,
  price_level_id BIGINT REFERENCES price_levels (id),
  credit_limit BIGINT NOT NULL DEFAULT 0,
  credit_days BIGINT NOT NULL DEFAULT 30,
  settlement TEXT NOT NULL DEFAULT 'credit',
  parent_id BIGINT REFERENCES customers (id),
  description TEXT NOT NULL DEFAULT '',
  -- Kept counters, moved in the transaction of the order or payment that changes them.
  arrears BIGINT NOT NULL DEFAULT 0,
  purchases_total BIGINT NOT NULL DEFAULT 0,
  last_order_at BIGINT,
  last_contact_at BIGINT,
  next_contact_on TEXT,
  -- What search compares with: every name, initials, pinyin and number, normalised.
  search_text TEXT NOT NULL DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE INDEX customers_by_owner ON customers (owner_id, mnemonic, id);
CREATE INDEX customers_by_mnemonic ON customers (mnemonic, id);
CREATE INDEX customers_by_name ON customers (name);

CREATE TABLE contacts (
  id BIGINT PRIMARY KEY,
  customer_id BIGINT NOT NULL REFERENCES customers (id),
  name TEXT NOT NULL,
  position TEXT NOT NULL DEFAULT '',
  sex TEXT NOT NULL DEFAULT '',
  -- 'YYYY-MM-DD' or 'MM-DD'; lunar 农历 by the flag.
  birthday TEXT NOT NULL DEFAULT '',
  birthday_lunar BOOLEAN NOT NULL DEFAULT FALSE,
  wechat TEXT NOT NULL DEFAULT '',
  email TEXT NOT NULL DEFAULT '',
  is_main BOOLEAN NOT NULL DEFAULT FALSE,
  sms_consent BOOLEAN NOT NULL DEFAULT TRUE,
  version BIGINT NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE INDEX contacts_by_customer ON contacts (customer_id);

-- Every telephone number of a customer or one of its contacts, normalised, so that a caller is found by one look.
CREATE TABLE phones (
  id BIGINT PRIMARY KEY,
  customer_id BIGINT NOT NULL REFERENCES customers (id),
  contact_id BIGINT REFERENCES contacts (id),
  -- National form without +86: 13805362417, 05363112290.
  digits TEXT NOT NULL,
  -- As a person wrote it, extension included.
  shown TEXT NOT NULL,
  label TEXT NOT NULL DEFAULT ''
);
CREATE INDEX phones_by_digits ON phones (digits);
CREATE INDEX phones_by_customer ON phones (customer_id);
