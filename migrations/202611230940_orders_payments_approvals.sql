CREATE TABLE orders (
  id BIGINT PRIMARY KEY,
  owner_id BIGINT NOT NULL REFERENCES users (id),
  customer_id BIGINT NOT NULL REFERENCES customers (id),
  visit_id BIGINT REFERENCES visits (id),
  -- DD20261123-017, unique for the day.
  number TEXT NOT NULL UNIQUE,
  -- draft 草稿, approving 审批中, active 执行中, rejected 已驳回, closed 结束, cancelled 意外终止
  state TEXT NOT NULL,
  ordered_on TEXT NOT NULL,
  price_level_id BIGINT REFERENCES price_levels (id),
  warehouse_id BIGINT REFERENCES warehouses (id),
  note TEXT NOT NULL DEFAULT '',
  total BIGINT NOT NULL,
  cost BIGINT NOT NULL,
  paid BIGINT NOT NULL DEFAULT 0,
  submitted_at BIGINT,
  decided_at BIGINT,
  version BIGINT NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE INDEX orders_by_owner ON orders (owner_id, id);
CREATE INDEX orders_by_customer ON orders (customer_id, id);
CREATE INDEX orders_by_state ON orders (state, id);

CREATE TABLE order_lines (
  id BIGINT PRIMARY KEY,
  order_id BIGINT NOT NULL REFERENCES orders (id),
  position BIGINT NOT NULL,
  product_id BIGINT NOT NULL REFERENCES products (id),
  unit TEXT NOT NULL,
  -- Base units in the chosen unit when the line was made, in thousandths.
  ratio BIGINT NOT NULL,
  quantity BIGINT NOT NULL,
  -- Price of one chosen unit; list_price is what the level said.
  price BIGINT NOT NULL,
  list_price BIGINT NOT NULL,
  amount BIGINT NOT NULL,
  cost BIGINT NOT NULL
);
CREATE INDEX order_lines_by_order ON order_lines (order_id, position);
CREATE INDEX order_lines_by_product ON order_lines (product_id, id);

-- The last number given out on each day, per kind of document.
CREATE TABLE document_numbers (
  kind TEXT NOT NULL,
  day TEXT NOT NULL,
  last BIGINT NOT NULL,
  PRIMARY KEY (kind, day)
);

CREATE TABLE payments (
  id BIGINT PRIMARY KEY,
  owner_id BIGINT NOT NULL REFERENCES users (id),
  customer_id BIGINT NOT NULL REFERENCES customers (id),
  number TEXT NOT NULL UNIQUE,
  paid_on TEXT NOT NULL,
  amount BIGINT NOT NULL,
  method TEXT NOT NULL,
  note TEXT NOT NULL DEFAULT '',
  created_at BIGINT NOT NULL
);
CREATE INDEX payments_by_owner ON payments (owner_id, id);
CREATE INDEX payments_by_customer ON payments (customer_id, id);

CREATE TABLE payment_matches (
  payment_id BIGINT NOT NULL REFERENCES payments (id),
  order_id BIGINT NOT NULL REFERENCES orders (id),
  amount BIGINT NOT NULL,
  PRIMARY KEY (payment_id, order_id)
);

-- An approval knows its document as (kind, id) only; the document's own module says who decides and what follows.
CREATE TABLE approvals (
  id BIGINT PRIMARY KEY,
  document_kind TEXT NOT NULL,
  document_id BIGINT NOT NULL,
  requester_id BIGINT NOT NULL REFERENCES users (id),
  title TEXT NOT NULL,
  amount BIGINT,
  -- Why it needs approval, as shown on the card.
  reason TEXT NOT NULL DEFAULT '',
  note TEXT NOT NULL DEFAULT '',
  -- open, approved, rejected, withdrawn
  state TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  decided_at BIGINT
);
CREATE INDEX approvals_by_document ON approvals (document_kind, document_id);

CREATE TABLE approval_steps (
  id BIGINT PRIMARY KEY,
  approval_id BIGINT NOT NULL REFERENCES approvals (id),
  -- Steps of a position are asked together; the next position only afterwards.
  position BIGINT NOT NULL,
  approver_id BIGINT NOT NULL REFERENCES users (id),
  -- waiting (its turn has not come), open, approved, rejected, handed_over, skipped
  state TEXT NOT NULL,
  comment TEXT NOT NULL DEFAULT '',
  opened_at BIGINT,
  decided_at BIGINT
);
CREATE INDEX approval_steps_by_approver ON approval_steps (approver_id, state, id);
CREATE INDEX approval_steps_by_approval ON approval_steps (approval_id, position);
