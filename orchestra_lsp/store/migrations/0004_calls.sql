-- Every call to a tool, whether its answer was shown or not: what it took and cost, and what went wrong. Never a prompt
-- or an answer; of a tool's own complaint no secret.
CREATE TABLE tool_call (
    ask_id TEXT NOT NULL,
    process TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    kind TEXT NOT NULL,
    tool TEXT NOT NULL,
    outcome TEXT NOT NULL,
    latency_ms REAL NOT NULL,
    input_tokens INTEGER,
    output_tokens INTEGER,
    cost_usd REAL,
    problem TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE INDEX tool_call_at ON tool_call (at_us);

-- What a running server says of itself while somebody watches; one row for each process.
CREATE TABLE live (
    process TEXT PRIMARY KEY,
    at_us INTEGER NOT NULL,
    status TEXT NOT NULL
) STRICT;
