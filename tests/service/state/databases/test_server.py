"""Who else is connected to the database server."""

from __future__ import annotations

import threading

import psycopg
import pytest

from index.errors import StoreUnavailable
from service.state.databases.server import others_connected
from tests.postgresql import logged

pytestmark = pytest.mark.processes
_ANOTHER = "loccit 1@another"


def test_the_look_at_others_asks_again_over_one_connection(postgresql_url: str) -> None:
    """A connection for each look would be seen by the next one, while the server ends it."""
    with logged(postgresql_url) as statements:
        with psycopg.connect(postgresql_url, application_name=_ANOTHER):
            assert others_connected(postgresql_url) == 1
        sent = statements()
    looks = [one for one in sent if "pg_stat_activity" in one and "application_name" in one]
    begun = [one for one in sent if "set_config('statement_timeout'" in one]
    assert len(looks) > 1
    assert len(begun) == 1


def test_a_connection_that_ends_meanwhile_is_not_counted(postgresql_url: str) -> None:
    another = psycopg.connect(postgresql_url, application_name=_ANOTHER)
    closing = threading.Timer(0.2, another.close)
    closing.start()
    assert others_connected(postgresql_url) == 0
    closing.join()


def test_other_programs_are_not_counted(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url, application_name="psql"):
        assert others_connected(postgresql_url) == 0


def test_a_server_that_is_gone_is_told(postgresql_url: str) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        others_connected(postgresql_url.replace("loccit-pg-", "loccit-none-"))
