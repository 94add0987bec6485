-- What all kinds of documents share stands in one table, and what only one kind has in a table of its own with the
-- same id. Lines of products are in one table for every kind.
CREATE TABLE documents (
  id BIGINT PRIMARY KEY,
  -- order 订单, payment 回款, …
  kind TEXT NOT NULL,
  -- DD20261123-017, unique for its kind; sequence is the 17.
  number TEXT NOT NULL,
  sequence BIGINT NOT NULL,
  owner_id BIGINT NOT NULL REFERENCES users (id),
  -- Never changes: it is read before anything is locked.
  customer_id BIGINT REFERENCES customers (id),
  visit_id BIGINT REFERENCES visits (id),
  -- The document that it was made from.
  source_kind TEXT,
  source_id BIGINT,
  -- draft 草稿, approving 审批中, active 执行中, rejected 已驳回, closed 结束, cancelled 意外终止
  state TEXT NOT NULL,
  -- The date on the document, YYYY-MM-DD.
  day TEXT NOT NULL,
  -- What lists show beside the number, in the kind's own words or codes.
  title TEXT NOT NULL DEFAULT '',
  amount BIGINT,
  note TEXT NOT NULL DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  submitted_at BIGINT,
  decided_at BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT,
  UNIQUE (kind, number)
);

INSERT INTO documents (id, kind, number, sequence, owner_id, customer_id, visit_id, state, day, amount, note, version,
  submitted_at, decided_at, created_at, updated_at, deleted_at)
SELECT id, 'order', number, CAST(substr(number, 12) AS BIGINT), owner_id, customer_id, visit_id, state, ordered_on, total, note,
  version, submitted_at, decided_at, created_at, updated_at, deleted_at FROM orders;
INSERT INTO documents (id, kind, number, sequence, owner_id, customer_id, state, day, title, amount, note,
  submitted_at, decided_at, created_at, updated_at)
SELECT id, 'payment', number, CAST(substr(number, 12) AS BIGINT), owner_id, customer_id, 'active', paid_on, method, amount, note,
  created_at, created_at, created_at, created_at FROM payments;

-- Lists are walked in the order of an index, newest first; those of a team are put together from its people's.
CREATE INDEX documents_newest ON documents (kind, id);
CREATE INDEX documents_by_state ON documents (kind, state, id);
CREATE INDEX documents_by_owner ON documents (kind, owner_id, id);
CREATE INDEX documents_by_owner_and_state ON documents (kind, owner_id, state, id);
CREATE INDEX documents_by_customer ON documents (customer_id, kind, id);
CREATE INDEX documents_by_sequence ON documents (kind, sequence, id);
CREATE INDEX documents_deleted ON documents (kind, owner_id, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX documents_by_source ON documents (source_id) WHERE source_id IS NOT NULL;

CREATE TABLE document_lines (
  id BIGINT PRIMARY KEY,
  document_id BIGINT NOT NULL REFERENCES documents (id),
  -- The document's customer, so that what a customer paid last for a product is found by an index.
  customer_id BIGINT REFERENCES customers (id),
  position BIGINT NOT NULL,
  product_id BIGINT NOT NULL REFERENCES products (id),
  unit TEXT NOT NULL,
  -- Base units in the chosen unit when the line was made, in thousandths.
  ratio BIGINT NOT NULL,
  quantity BIGINT NOT NULL,
  -- Price of one chosen unit; list_price is what the level said. Zero for goods without prices.
  price BIGINT NOT NULL,
  list_price BIGINT NOT NULL,
  amount BIGINT NOT NULL,
  cost BIGINT NOT NULL
);
INSERT INTO document_lines (id, document_id, customer_id, position, product_id, unit, ratio, quantity, price, list_price, amount, cost)
SELECT l.id, l.order_id, o.customer_id, l.position, l.product_id, l.unit, l.ratio, l.quantity, l.price, l.list_price, l.amount, l.cost
  FROM order_lines l JOIN orders o ON o.id = l.order_id;
DROP TABLE order_lines;
CREATE INDEX document_lines_by_document ON document_lines (document_id, position);
CREATE INDEX document_lines_by_product ON document_lines (product_id, id);
CREATE INDEX document_lines_of_customer ON document_lines (customer_id, product_id, document_id DESC, position);

-- What refers to a table goes before it and comes back after it: neither engine then checks a row that is only moved.
CREATE TABLE moved_matches AS SELECT payment_id, order_id, amount FROM payment_matches;
CREATE TABLE moved_orders AS SELECT id, price_level_id, warehouse_id, cost, paid FROM orders;
CREATE TABLE moved_payments AS SELECT id, method FROM payments;
DROP TABLE payment_matches;
DROP TABLE payments;
DROP TABLE orders;

CREATE TABLE orders (
  id BIGINT PRIMARY KEY REFERENCES documents (id),
  price_level_id BIGINT REFERENCES price_levels (id),
  warehouse_id BIGINT REFERENCES warehouses (id),
  cost BIGINT NOT NULL,
  paid BIGINT NOT NULL DEFAULT 0
);
INSERT INTO orders (id, price_level_id, warehouse_id, cost, paid) SELECT id, price_level_id, warehouse_id, cost, paid FROM moved_orders;

CREATE TABLE payments (
  id BIGINT PRIMARY KEY REFERENCES documents (id),
  -- transfer 转账, wechat 微信, cash 现金, cheque 支票
  method TEXT NOT NULL
);
INSERT INTO payments (id, method) SELECT id, method FROM moved_payments;

CREATE TABLE payment_matches (
  payment_id BIGINT NOT NULL REFERENCES payments (id),
  order_id BIGINT NOT NULL REFERENCES orders (id),
  amount BIGINT NOT NULL,
  PRIMARY KEY (payment_id, order_id)
);
CREATE INDEX payment_matches_by_order ON payment_matches (order_id);
INSERT INTO payment_matches (payment_id, order_id, amount) SELECT payment_id, order_id, amount FROM moved_matches;
DROP TABLE moved_matches;
DROP TABLE moved_orders;
DROP TABLE moved_payments;

-- Nobody listened to this event.
UPDATE events SET state = 'done' WHERE kind = 'order_refused' AND state = 'pending';
