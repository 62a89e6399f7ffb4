-- Decisions and what became of them. Never prompts, never code.
CREATE TABLE decision (
    id TEXT PRIMARY KEY,
    at_us INTEGER NOT NULL,
    kind TEXT NOT NULL,
    language TEXT NOT NULL,
    complexity TEXT NOT NULL,
    tool TEXT NOT NULL,
    reason TEXT NOT NULL,
    propensity REAL NOT NULL,
    cached INTEGER NOT NULL,
    latency_ms REAL NOT NULL,
    input_tokens INTEGER,
    output_tokens INTEGER,
    cost_usd REAL
) STRICT;

CREATE INDEX decision_at ON decision (at_us);

CREATE TABLE outcome (
    decision_id TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    outcome TEXT NOT NULL
) STRICT;

CREATE INDEX outcome_decision ON outcome (decision_id);
CREATE INDEX outcome_at ON outcome (at_us);
