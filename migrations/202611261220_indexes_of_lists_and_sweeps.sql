-- Approvals that somebody asked for, the newest first.
CREATE INDEX approvals_by_requester ON approvals (requester_id, id);

-- Everybody's open tasks, the most pressing first, and those that somebody gave to others.
CREATE INDEX tasks_open ON tasks (due_at, id, owner_id) WHERE deleted_at IS NULL AND state = 'open';
CREATE INDEX tasks_by_giver ON tasks (giver_id, state, due_at);

-- Numbers that are not written to, the doubtful ones first.
CREATE INDEX sms_blocks_in_force ON sms_blocks ((CASE WHEN uncertain = TRUE THEN 0 ELSE 1 END), at DESC, id DESC)
  WHERE ended_at IS NULL;

-- The person to call first, without sorting a customer's people for each row of a list.
CREATE INDEX contacts_main_first ON contacts (customer_id, is_main DESC, id) WHERE deleted_at IS NULL;

-- What is thrown away by its age is found by it.
CREATE INDEX sessions_by_age ON sessions (begun_at);
CREATE INDEX events_done_by_age ON events (at) WHERE state = 'done';
CREATE INDEX login_log_by_age ON login_log (at);
CREATE INDEX gateway_commands_by_age ON gateway_commands (at);
