-- What was said on the telephone, in the words of whoever took it or called back.
ALTER TABLE calls ADD COLUMN note TEXT NOT NULL DEFAULT '';
