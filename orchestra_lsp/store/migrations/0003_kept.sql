-- Answers of outside tools as these wrote them: a secret is a numbered placeholder (kind#1). No prompt: `key` is a digest of it.
CREATE TABLE kept_answer (
    key BLOB NOT NULL UNIQUE,
    at_us INTEGER NOT NULL,
    kind TEXT NOT NULL,
    tool TEXT NOT NULL,
    text TEXT NOT NULL, -- empty once it was dismissed
    text_digest BLOB NOT NULL,
    finish TEXT NOT NULL,
    confidence REAL,
    dismissed INTEGER NOT NULL DEFAULT 0
) STRICT;

-- How often no tool had to be called, by day (UTC) and by what answered instead.
CREATE TABLE reuse (
    day TEXT NOT NULL,
    level TEXT NOT NULL,
    kind TEXT NOT NULL,
    hits INTEGER NOT NULL,
    PRIMARY KEY (day, level, kind)
) STRICT, WITHOUT ROWID;
