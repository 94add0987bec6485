-- Boxes' events are thrown away by their age: without an end they are the largest table.
CREATE INDEX gateway_events_by_age ON gateway_events (at);
