-- The newest documents of each person of a team, off the index alone: deleted ones are not in it.
DROP INDEX documents_by_owner;
DROP INDEX documents_by_owner_and_state;
CREATE INDEX documents_live_by_owner ON documents (kind, owner_id, id) WHERE deleted_at IS NULL;
CREATE INDEX documents_live_by_owner_and_state ON documents (kind, owner_id, state, id) WHERE deleted_at IS NULL;
