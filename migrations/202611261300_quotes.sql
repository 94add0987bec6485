-- What only quotes 报价 have. What all documents share is in documents, the lines are in document_lines.
CREATE TABLE quotes (
  id BIGINT PRIMARY KEY REFERENCES documents (id),
  -- The last day on which it holds, YYYY-MM-DD.
  valid_until TEXT NOT NULL,
  -- What is asked of the sum of the lines, in thousandths: 1000 is all of it.
  discount BIGINT NOT NULL
);

-- An order that is made from a quote asks what the quote asked.
ALTER TABLE orders ADD COLUMN discount BIGINT NOT NULL DEFAULT 1000;
