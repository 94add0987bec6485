CREATE TABLE product_categories (
  id BIGINT PRIMARY KEY,
  parent_id BIGINT REFERENCES product_categories (id),
  name TEXT NOT NULL,
  path TEXT NOT NULL UNIQUE
);

CREATE TABLE products (
  id BIGINT PRIMARY KEY,
  category_id BIGINT NOT NULL REFERENCES product_categories (id),
  code TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  mnemonic TEXT NOT NULL DEFAULT '',
  content_spec TEXT NOT NULL DEFAULT '',
  pack_spec TEXT NOT NULL DEFAULT '',
  barcode TEXT NOT NULL DEFAULT '',
  status TEXT NOT NULL DEFAULT 'normal',
  -- The unit that stock is counted in.
  base_unit TEXT NOT NULL,
  cost_price BIGINT NOT NULL DEFAULT 0,
  -- Below this price for a base unit an order needs approval.
  floor_price BIGINT NOT NULL DEFAULT 0,
  tracked BOOLEAN NOT NULL DEFAULT TRUE,
  search_text TEXT NOT NULL DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE INDEX products_by_mnemonic ON products (mnemonic, id);

CREATE TABLE product_units (
  id BIGINT PRIMARY KEY,
  product_id BIGINT NOT NULL REFERENCES products (id),
  name TEXT NOT NULL,
  -- Base units in one of this unit, in thousandths: 箱 of 20 瓶 is 20000.
  ratio BIGINT NOT NULL,
  position BIGINT NOT NULL,
  UNIQUE (product_id, name)
);

-- Price of one base unit at a level, from a date on; the latest start not after today is in force.
CREATE TABLE prices (
  id BIGINT PRIMARY KEY,
  product_id BIGINT NOT NULL REFERENCES products (id),
  price_level_id BIGINT NOT NULL REFERENCES price_levels (id),
  starts_on TEXT NOT NULL,
  price BIGINT NOT NULL,
  UNIQUE (product_id, price_level_id, starts_on)
);

CREATE TABLE warehouses (
  id BIGINT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  region_id BIGINT REFERENCES regions (id),
  may_go_negative BOOLEAN NOT NULL DEFAULT FALSE
);

-- Kept sums of stock_moves and of reservations; changed only in the transaction that writes those.
CREATE TABLE stock_balances (
  product_id BIGINT NOT NULL REFERENCES products (id),
  warehouse_id BIGINT NOT NULL REFERENCES warehouses (id),
  on_hand BIGINT NOT NULL DEFAULT 0,
  reserved BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (product_id, warehouse_id)
);

CREATE TABLE stock_moves (
  id BIGINT PRIMARY KEY,
  at BIGINT NOT NULL,
  kind TEXT NOT NULL,
  product_id BIGINT NOT NULL REFERENCES products (id),
  warehouse_id BIGINT NOT NULL REFERENCES warehouses (id),
  quantity BIGINT NOT NULL,
  user_id BIGINT,
  note TEXT NOT NULL DEFAULT ''
);
CREATE INDEX stock_moves_by_product ON stock_moves (product_id, id);

CREATE TABLE stock_reservations (
  id BIGINT PRIMARY KEY,
  order_id BIGINT NOT NULL,
  product_id BIGINT NOT NULL REFERENCES products (id),
  warehouse_id BIGINT NOT NULL REFERENCES warehouses (id),
  quantity BIGINT NOT NULL,
  UNIQUE (order_id, product_id, warehouse_id)
);
