-- Lists are walked in the order of an index that also holds whose row it is, so that a page of twenty costs
-- twenty rows for anybody's scope. Deleted rows are not in them.
DROP INDEX customers_by_owner;
DROP INDEX customers_by_mnemonic;
DROP INDEX customers_by_name;
CREATE INDEX customers_in_order ON customers (mnemonic, id, owner_id) WHERE deleted_at IS NULL;
CREATE INDEX customers_own_in_order ON customers (owner_id, mnemonic, id) WHERE deleted_at IS NULL;
CREATE INDEX customers_owing ON customers (arrears DESC, id, owner_id) WHERE deleted_at IS NULL AND arrears > 0;
CREATE INDEX customers_own_owing ON customers (owner_id, arrears DESC, id) WHERE deleted_at IS NULL AND arrears > 0;
-- Who was never contacted counts from the day of entry.
CREATE INDEX customers_quiet ON customers ((COALESCE(last_contact_at, created_at)), id, owner_id) WHERE deleted_at IS NULL;
CREATE INDEX customers_own_quiet ON customers (owner_id, (COALESCE(last_contact_at, created_at)), id) WHERE deleted_at IS NULL;

-- A record's pieces follow from its search_text, so nothing looks them up by record; there are about a
-- hundred to a customer, so they are kept once and not in a table and an index besides.
-- only: sqlite
DROP TABLE search_terms;
CREATE TABLE search_terms (
  kind TEXT NOT NULL,
  term TEXT NOT NULL,
  record_id BIGINT NOT NULL,
  PRIMARY KEY (kind, term, record_id)
) WITHOUT ROWID;
-- end
-- only: postgres
DROP INDEX search_terms_by_record;
-- end
