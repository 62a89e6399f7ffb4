-- What became of each finding that a person saw, so that a rule that is ignored in a project can be told less loudly there.
-- `project` and `finding` are digests: no path and no text.
CREATE TABLE rule_finding (
    project TEXT NOT NULL,
    rule TEXT NOT NULL,
    finding TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (project, rule, finding)
) STRICT;

-- What a review of a whole project found at a commit.
CREATE TABLE review_trend (
    project TEXT NOT NULL,
    revision TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    files INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    warnings INTEGER NOT NULL,
    infos INTEGER NOT NULL,
    hints INTEGER NOT NULL,
    PRIMARY KEY (project, revision)
) STRICT;
