-- The functions on a person's first page, in the order of their choice: nouns of modules, separated by commas.
CREATE TABLE user_functions (
  user_id BIGINT PRIMARY KEY REFERENCES users (id),
  functions TEXT NOT NULL
);

-- What was sold and collected in a month.
CREATE INDEX documents_by_day ON documents (kind, day, owner_id) WHERE deleted_at IS NULL;
-- More is promised than there is.
CREATE INDEX stock_balances_short ON stock_balances (product_id) WHERE on_hand < reserved;
