"""The server that other tests use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests import postgresql
from tests.patience import PATIENCE, eventually

STARTS_ONE = """
import os, sys
from tests import postgresql
with postgresql.database() as url:
    print(url, flush=True)
    sys.stdin.read() if sys.argv[1] == "killed" else None
"""


@pytest.mark.processes
def test_each_test_has_a_database_of_its_own(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url) as connection:
        connection.execute("CREATE TABLE texts (text TEXT)")
        connection.execute("INSERT INTO texts VALUES ('a'), ('B'), ('ä')")
        connection.commit()
        in_order = connection.execute("SELECT text FROM texts ORDER BY text").fetchall()
    assert [text for (text,) in in_order] == ["a", "ä", "B"]
    with postgresql.database() as other, psycopg.connect(other) as connection:
        assert connection.execute("SELECT to_regclass('texts')").fetchone() == (None,)


def test_a_wrong_password_is_refused(postgresql_url: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgresql_url.replace(postgresql.PASSWORD, "wrong"))


@pytest.mark.processes
@pytest.mark.parametrize("how", ["ended", "killed"])
@pytest.mark.usefixtures("postgresql_url")
def test_the_server_and_its_files_are_gone_with_the_process(how: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", STARTS_ONE, how],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    host = psycopg.conninfo.conninfo_to_dict(process.stdout.readline())["host"]
    if how == "killed":
        process.kill()
    process.communicate(timeout=PATIENCE)
    eventually(lambda: not Path(str(host)).exists())
