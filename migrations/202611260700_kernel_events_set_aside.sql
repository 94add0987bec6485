-- Events that wait for a person are counted on the first page, among all that were acted upon.
CREATE INDEX events_set_aside ON events (id) WHERE state = 'failed';
