"""Two services on a PostgreSQL of three machines, of which the one that takes writes is killed under load."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cli.commands import started
from tests.crash.traffic import Traffic, failed
from tests.patroni import cluster

pytestmark = [pytest.mark.full, pytest.mark.processes, pytest.mark.slow]


@pytest.mark.timeout(1800)
def test_nothing_acknowledged_is_lost_with_the_leader(tmp_path: Path) -> None:
    (tmp_path / "objects").mkdir()
    with cluster() as servers, ExitStack() as stack:
        addresses = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            settings = {"LOCCIT_STORE": servers.url, "LOCCIT_OBJECTS": (tmp_path / "objects").as_uri()}
            _, client = stack.enter_context(started(tmp_path / name, **settings))
            addresses.append(str(client.base_url))
        with Traffic(addresses) as traffic:
            traffic.await_writes(30)
            servers.leader().kill()
            traffic.await_writes(15)
        for log in tmp_path.glob("*/serve.log"):
            assert "Traceback" not in log.read_text()
        for address in addresses:
            assert traffic.lost(address) == []
        measured = (
            f"{len(traffic.writes)} writes, failed: {failed(traffic.writes)}; "
            f"{len(traffic.questions)} questions, failed: {failed(traffic.questions)}; "
            f"{traffic.seconds_without_writes():.1f} s without writes"
        )
        print(measured)  # noqa: T201 -- pytest -s shows it
        assert failed(traffic.questions) == {}
