-- A piece's rows stand in the order of the list that is searched and say whose the record is: the first page of a search
-- is read off them, in whatever number they are. The first three digits of a telephone number lose their mark: three
-- digits are looked for in one piece.
CREATE TABLE search_terms_in_order (
  kind TEXT NOT NULL,
  term TEXT NOT NULL,
  -- What the list is sorted by before the id, such as the mnemonic.
  sort_key TEXT NOT NULL,
  record_id BIGINT NOT NULL,
  owner_id BIGINT NOT NULL,
  PRIMARY KEY (kind, term, sort_key, record_id)
)
-- only: sqlite
WITHOUT ROWID
-- end
;
INSERT INTO search_terms_in_order (kind, term, sort_key, record_id, owner_id)
SELECT t.kind, CASE WHEN substr(t.term, 1, 1) = '^' AND length(t.term) = 4 THEN substr(t.term, 2) ELSE t.term END,
  c.mnemonic, t.record_id, c.owner_id
FROM search_terms t JOIN customers c ON c.id = t.record_id WHERE t.kind = 'c'
ON CONFLICT DO NOTHING;
DROP TABLE search_terms;
ALTER TABLE search_terms_in_order RENAME TO search_terms;
