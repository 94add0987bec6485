-- Ids are made by the application (63 bits, ordered by time); times are UTC milliseconds; money is fen;
-- quantities are thousandths of a unit. Only types that both engines decode alike are used.

CREATE TABLE departments (
  id BIGINT PRIMARY KEY,
  parent_id BIGINT REFERENCES departments (id),
  name TEXT NOT NULL,
  -- '/<id>/<id>/': everything that starts with a path is below it, so a team is one LIKE.
  path TEXT NOT NULL UNIQUE
);

CREATE TABLE users (
  id BIGINT PRIMARY KEY,
  username TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  department_id BIGINT NOT NULL REFERENCES departments (id),
  mobile TEXT NOT NULL DEFAULT '',
  password_hash TEXT NOT NULL,
  must_change_password BOOLEAN NOT NULL DEFAULT FALSE,
  status TEXT NOT NULL DEFAULT 'active',
  lang TEXT NOT NULL DEFAULT 'zh-CN',
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE INDEX users_by_department ON users (department_id);

-- The id is the SHA-256 of the cookie: a stolen backup signs nobody in.
CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  user_id BIGINT NOT NULL REFERENCES users (id),
  begun_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL,
  device TEXT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE login_log (
  id BIGINT PRIMARY KEY,
  at BIGINT NOT NULL,
  username TEXT NOT NULL,
  user_id BIGINT,
  origin TEXT NOT NULL,
  device TEXT NOT NULL,
  outcome TEXT NOT NULL
);
CREATE INDEX login_log_by_name ON login_log (username, at);

-- What a form was answered with, so that the same form sent twice is done once.
CREATE TABLE ops (
  user_id BIGINT NOT NULL,
  op_id TEXT NOT NULL,
  body_hash TEXT NOT NULL,
  location TEXT NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (user_id, op_id)
);
CREATE INDEX ops_by_age ON ops (at);

CREATE TABLE audit_log (
  id BIGINT PRIMARY KEY,
  at BIGINT NOT NULL,
  user_id BIGINT,
  origin TEXT NOT NULL,
  action TEXT NOT NULL,
  kind TEXT NOT NULL,
  record_id BIGINT NOT NULL,
  -- {"field": [before, after]}
  changes TEXT NOT NULL
);
CREATE INDEX audit_log_by_record ON audit_log (kind, record_id, id);

-- The log of operations is written once. Not even this program can change it.
-- only: sqlite
CREATE TRIGGER audit_log_keeps BEFORE UPDATE ON audit_log BEGIN SELECT RAISE(ABORT, 'the operation log cannot be changed'); END;
CREATE TRIGGER audit_log_stays BEFORE DELETE ON audit_log BEGIN SELECT RAISE(ABORT, 'the operation log cannot be changed'); END;
-- end
-- only: postgres
CREATE FUNCTION audit_log_keeps() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the operation log cannot be changed'; END $$;
CREATE TRIGGER audit_log_keeps BEFORE UPDATE OR DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION audit_log_keeps();
-- end

CREATE TABLE events (
  id BIGINT PRIMARY KEY,
  kind TEXT NOT NULL,
  payload TEXT NOT NULL,
  at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  attempts BIGINT NOT NULL,
  state TEXT NOT NULL,
  error TEXT
);
-- Done events are kept as history and must not slow the look for due ones.
CREATE INDEX events_due ON events (due_at, id) WHERE state = 'pending';

CREATE TABLE push_subscriptions (
  id BIGINT PRIMARY KEY,
  user_id BIGINT NOT NULL REFERENCES users (id),
  endpoint TEXT NOT NULL UNIQUE,
  p256dh TEXT NOT NULL,
  auth TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  -- When the device confirmed a test push; before that nothing is trusted to it.
  confirmed_at BIGINT
);
CREATE INDEX push_subscriptions_by_user ON push_subscriptions (user_id);

CREATE TABLE settings (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
);

-- Pieces of names, initials, pinyin and phone numbers, by which search finds its candidates on either
-- engine. FTS5's trigrams cannot find two Chinese characters.
CREATE TABLE search_terms (
  kind TEXT NOT NULL,
  term TEXT NOT NULL,
  record_id BIGINT NOT NULL,
  PRIMARY KEY (kind, term, record_id)
);
CREATE INDEX search_terms_by_record ON search_terms (kind, record_id);
