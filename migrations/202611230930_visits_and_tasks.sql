CREATE TABLE visits (
  id BIGINT PRIMARY KEY,
  owner_id BIGINT NOT NULL REFERENCES users (id),
  customer_id BIGINT NOT NULL REFERENCES customers (id),
  -- 'YYYY-MM-DD' in China.
  planned_on TEXT NOT NULL,
  -- planned 待拜访, open 拜访中, done 已结束, missed 已逾期
  state TEXT NOT NULL,
  purpose TEXT NOT NULL DEFAULT '',
  checked_in_at BIGINT,
  in_lat DOUBLE PRECISION,
  in_lng DOUBLE PRECISION,
  in_accuracy DOUBLE PRECISION,
  in_fix_at BIGINT,
  -- Metres to the customer's point; NULL without a fix or a point.
  in_distance BIGINT,
  out_reason TEXT NOT NULL DEFAULT '',
  checked_out_at BIGINT,
  result TEXT NOT NULL DEFAULT '',
  next_on TEXT,
  -- Flags of the evidence, separated by commas: no_fix, stale_fix, far, mock, same_photo …
  flags TEXT NOT NULL DEFAULT '',
  version BIGINT NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT
);
CREATE INDEX visits_by_owner ON visits (owner_id, planned_on, id);
CREATE INDEX visits_by_day ON visits (planned_on, id);
CREATE INDEX visits_by_customer ON visits (customer_id, id);

CREATE TABLE visit_photos (
  id BIGINT PRIMARY KEY,
  visit_id BIGINT NOT NULL REFERENCES visits (id),
  taken_at BIGINT NOT NULL,
  -- SHA-256 of the picture as it came, kept as evidence; of the served one with its watermark; of the thumbnail.
  original_hash TEXT NOT NULL,
  file_hash TEXT NOT NULL,
  thumb_hash TEXT NOT NULL,
  width BIGINT NOT NULL,
  height BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX visit_photos_by_visit ON visit_photos (visit_id);
CREATE INDEX visit_photos_by_original ON visit_photos (original_hash);

CREATE TABLE tasks (
  id BIGINT PRIMARY KEY,
  owner_id BIGINT NOT NULL REFERENCES users (id),
  giver_id BIGINT REFERENCES users (id),
  customer_id BIGINT REFERENCES customers (id),
  -- todo 待办, callback 回拨
  kind TEXT NOT NULL,
  -- The record that caused it, such as ('call', id); a cause makes one task only.
  cause_kind TEXT NOT NULL DEFAULT '',
  cause_id BIGINT,
  title TEXT NOT NULL,
  note TEXT NOT NULL DEFAULT '',
  priority TEXT NOT NULL DEFAULT 'normal',
  due_at BIGINT,
  -- open, done, confirmed
  state TEXT NOT NULL,
  feedback TEXT NOT NULL DEFAULT '',
  done_at BIGINT,
  version BIGINT NOT NULL DEFAULT 1,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  deleted_at BIGINT,
  UNIQUE (cause_kind, cause_id)
);
CREATE INDEX tasks_by_owner ON tasks (owner_id, state, due_at);
CREATE INDEX tasks_by_customer ON tasks (customer_id, id);
