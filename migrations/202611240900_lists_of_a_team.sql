-- A rep's visits that still wait, apart from the thousands that are done.
CREATE INDEX visits_waiting ON visits (owner_id, planned_on, id) WHERE deleted_at IS NULL AND state IN ('planned', 'open');

-- The newest orders in one state, of one person: a team's list is put together from its people's.
CREATE INDEX orders_by_owner_and_state ON orders (owner_id, state, id);

-- Where somebody checked in last, to know how fast they came here.
CREATE INDEX visits_by_check_in ON visits (owner_id, checked_in_at) WHERE deleted_at IS NULL AND in_lat IS NOT NULL;
