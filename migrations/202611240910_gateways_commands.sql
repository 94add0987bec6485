-- What people asked a box to do, and what it said; also what the network answered a box that asked by itself.
CREATE TABLE gateway_commands (
  id BIGINT PRIMARY KEY,
  gateway_id BIGINT NOT NULL REFERENCES gateways (id),
  -- The command's id on the wire; NULL where the box asked by itself.
  wire_id TEXT UNIQUE,
  -- The last level of its topic: ussd, config, logs, update
  kind TEXT NOT NULL,
  -- The modem, where it concerns one.
  modem TEXT NOT NULL DEFAULT '',
  -- The code, the names of settings, the version.
  about TEXT NOT NULL DEFAULT '',
  -- asked, taken (the box has committed it), refused, answered, failed
  state TEXT NOT NULL,
  -- The network's answer, or why there is none.
  said TEXT NOT NULL DEFAULT '',
  by_id BIGINT REFERENCES users (id),
  at BIGINT NOT NULL,
  moved_at BIGINT
);
CREATE INDEX gateway_commands_by_gateway ON gateway_commands (gateway_id, id);

-- How people call the lines of a box: line0 is 前台电话.
CREATE TABLE gateway_lines (
  gateway_id BIGINT NOT NULL REFERENCES gateways (id),
  line TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (gateway_id, line)
);
