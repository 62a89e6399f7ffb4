-- What was learned of the tools, as sums that several processes add to, and what each choice was made of. Never text.
CREATE TABLE belief (
    scope TEXT NOT NULL, -- empty: the person; else a hash of the project's path
    cell TEXT NOT NULL, -- tool, kind, language, complexity
    seen REAL NOT NULL, -- weight of the rewards, capped
    total REAL NOT NULL, -- sum of the weighted rewards
    expected REAL NOT NULL, -- what the catalogue expected of the same requests
    at_us INTEGER NOT NULL,
    PRIMARY KEY (scope, cell)
) STRICT;

CREATE TABLE choice (
    decision_id TEXT PRIMARY KEY,
    at_us INTEGER NOT NULL,
    project TEXT NOT NULL,
    request_trigger TEXT NOT NULL,
    tokens INTEGER NOT NULL,
    tool TEXT NOT NULL, -- the one that was put first
    options TEXT NOT NULL -- JSON: every able tool and the probability with which it would be put first
) STRICT;

CREATE INDEX choice_at ON choice (at_us);
