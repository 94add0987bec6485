-- Who agreed to get marketing, when and how, and who took it back: one row for each change, never rewritten.
CREATE TABLE contact_consents (
  id BIGINT PRIMARY KEY,
  contact_id BIGINT NOT NULL REFERENCES contacts (id),
  agreed BOOLEAN NOT NULL,
  -- entry (as the contact was entered), spoken, written, message, other
  how TEXT NOT NULL,
  note TEXT NOT NULL DEFAULT '',
  by_id BIGINT REFERENCES users (id),
  at BIGINT NOT NULL
);
CREATE INDEX contact_consents_by_contact ON contact_consents (contact_id, id);
