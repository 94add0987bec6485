-- How long a session lasts is measured by a time that nobody can set: milliseconds of one run of the machine, which
-- `boot` names. After a restart of the machine the stored wall times count.
ALTER TABLE sessions ADD COLUMN boot BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN begun_steady BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN seen_steady BIGINT NOT NULL DEFAULT 0;
-- A session that was refused once stays so, whatever the clock says later. Its row stays for a while: it tells whose
-- form was interrupted.
ALTER TABLE sessions ADD COLUMN ended BOOLEAN NOT NULL DEFAULT FALSE;

-- What the wall clock should show, written once a minute, so that a jump is noticed across restarts.
CREATE TABLE clock_watch (
  id BIGINT PRIMARY KEY,
  wall BIGINT NOT NULL,
  steady BIGINT NOT NULL,
  boot BIGINT NOT NULL,
  -- Where an unconfirmed jump led; what it made due waits for a person.
  jumped_to BIGINT,
  -- How often a person confirmed the clock, so that every process hears of it.
  confirmations BIGINT NOT NULL
);
