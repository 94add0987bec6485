-- Lists of documents sorted by amount: one order for all documents of a kind, one for each person's own.
CREATE INDEX documents_by_amount ON documents (kind, (COALESCE(amount, 0)), id, owner_id) WHERE deleted_at IS NULL;
CREATE INDEX documents_own_by_amount ON documents (kind, owner_id, (COALESCE(amount, 0)), id) WHERE deleted_at IS NULL;
