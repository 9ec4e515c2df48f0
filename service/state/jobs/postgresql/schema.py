"""Tables of the job store; the triggers count each statement's items together, not one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from index.postgresql import Migration

_TABLES = """
CREATE TABLE jobs (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    collection text NOT NULL,
    state text NOT NULL,
    created double precision NOT NULL,
    started double precision,
    finished double precision,
    cancelling integer NOT NULL DEFAULT 0,
    problem text NOT NULL DEFAULT '',
    mark bigint NOT NULL DEFAULT 0,
    revision bigint NOT NULL DEFAULT 1,
    age double precision NOT NULL DEFAULT 0, -- seconds since it finished, as the runner has measured them
    groups text NOT NULL DEFAULT '[]',       -- JSON: those that its documents get
    sender text,                             -- JSON: groups of the caller that sent it; NULL for all
    kind text NOT NULL DEFAULT 'ingest',
    details text NOT NULL DEFAULT '{}'       -- JSON: of an upgrade the model, plan, progress and result
);
CREATE INDEX jobs_unfinished ON jobs (state, number) WHERE state NOT IN ('done', 'cancelled', 'failed');

CREATE TABLE items (
    job bigint NOT NULL REFERENCES jobs (number),
    number bigint NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    spooled text NOT NULL,
    bytes bigint NOT NULL,
    request text NOT NULL,                   -- JSON
    outcome text NOT NULL DEFAULT 'waiting',
    code text NOT NULL DEFAULT '',
    message text NOT NULL DEFAULT '',
    passages bigint NOT NULL DEFAULT 0,
    document text NOT NULL DEFAULT '',
    PRIMARY KEY (job, number)
);
CREATE INDEX items_outcome ON items (job, outcome, number);
-- By a hash: a name may be longer than a row of an index. It is not unique: transactions that add to a job
-- follow one another, for they change the row of the job, and they compare the names.
CREATE INDEX items_name ON items (job, md5(name));

CREATE TABLE counts (
    job bigint NOT NULL REFERENCES jobs (number),
    outcome text NOT NULL,
    items bigint NOT NULL,
    bytes bigint NOT NULL,
    passages bigint NOT NULL,
    PRIMARY KEY (job, outcome)
);
"""
_COUNT = """
    INSERT INTO counts AS c
    SELECT job, outcome, SUM(n), SUM(n * bytes), SUM(n * passages) FROM ({changes}) AS changes
    GROUP BY job, outcome
    ON CONFLICT (job, outcome) DO UPDATE SET items = c.items + excluded.items,
        bytes = c.bytes + excluded.bytes, passages = c.passages + excluded.passages;
    RETURN NULL;
"""
_ADDED = "SELECT *, 1 AS n FROM added"
_REMOVED = "SELECT *, -1 AS n FROM removed"
# Triggers, so that no statement that changes an item can forget to count.
_TRIGGERS = f"""
CREATE FUNCTION count_added_items() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    {_COUNT.format(changes=_ADDED)} END $$;
CREATE TRIGGER items_added AFTER INSERT ON items REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION count_added_items();
CREATE FUNCTION count_changed_items() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    {_COUNT.format(changes=f"{_ADDED} UNION ALL {_REMOVED}")} END $$;
CREATE TRIGGER items_changed AFTER UPDATE ON items REFERENCING NEW TABLE AS added OLD TABLE AS removed
    FOR EACH STATEMENT EXECUTE FUNCTION count_changed_items();
"""

_CLAIMS = """
CREATE TABLE item_claims (
    job bigint NOT NULL REFERENCES jobs (number) ON DELETE CASCADE,
    number bigint NOT NULL,
    session text NOT NULL,                   -- of the process that is storing the item
    lock bigint NOT NULL,                    -- key of the advisory lock that the session holds
    until timestamptz NOT NULL,
    PRIMARY KEY (job, number)
)
"""


def migrations() -> Sequence[Migration]:
    """One migration for each format; see :func:`index.postgresql.migrate`."""
    from index.postgresql import Compatible

    # Versions that know no claims run all jobs in one process, which no newer one joins.
    return (_TABLES + _TRIGGERS, Compatible(_CLAIMS))
