-- The steps that somebody is still to decide: few, beside all that were ever decided. What waits for people who left
-- is looked for among them.
CREATE INDEX approval_steps_undecided ON approval_steps (approval_id, approver_id) WHERE state IN ('open', 'waiting');
