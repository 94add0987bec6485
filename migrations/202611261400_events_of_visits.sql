-- Nothing reacts to the end of a visit, and the server does not know that event any more: one that still waits would be
-- set aside as a failure.
DELETE FROM events WHERE kind = 'visit_ended';
