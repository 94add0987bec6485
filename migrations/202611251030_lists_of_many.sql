-- The visit somebody is at.
CREATE INDEX visits_under_way ON visits (owner_id) WHERE deleted_at IS NULL AND state = 'open';

-- Whose a customer is and where it stands in the list, without its row: thousands that a search brings are put
-- in order by this alone.
CREATE INDEX customers_by_id ON customers (id, owner_id, mnemonic) WHERE deleted_at IS NULL;
