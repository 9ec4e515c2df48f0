"""Many clients of a service whose PostgreSQL hangs, or is gone, are told so at once, and why."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.cli.commands import started
from tests.patience import PATIENCE, eventually
from tests.postgresql import Pair, pair
from tests.sizes import FULL

pytestmark = [pytest.mark.processes, pytest.mark.slow]

CLIENTS = 60
REQUESTS = 40 if FULL else 4
"""Of each client during an outage."""
PROMPT_SECONDS = 0.3 if FULL else PATIENCE
"""Within which 99 % are answered: what is promised, on a machine that does nothing else. Without a breaker
they wait for minutes, or are told that the service is overloaded."""
PAUSE = 0.2
QUESTION = {"question": "moons of Mars"}


def code_of(reply: httpx.Response) -> str:
    return "" if reply.is_success else str(reply.json()["error"]["code"])


async def ask(client: httpx.AsyncClient, number: int) -> str:
    """Send a request, of several kinds in turn; returns the code of its error."""
    if number % 6 == 1:
        return code_of(await client.put(f"/v1/documents/{number}.txt", content="Venus has no moons."))
    if number % 6 == 2:
        return code_of(await client.get("/v1/documents/mars.txt"))
    return code_of(await client.post("/v1/ask", json=QUESTION))


async def told(address: httpx.URL) -> tuple[Counter[str], list[float]]:
    """The codes that all clients get, and how long each reply took."""
    codes, seconds = Counter[str](), list[float]()

    async def one(number: int) -> None:
        for _ in range(REQUESTS):
            began = time.monotonic()
            codes[await ask(client, number)] += 1
            seconds.append(time.monotonic() - began)
            await asyncio.sleep(PAUSE)

    limits = httpx.Limits(max_connections=CLIENTS)
    async with httpx.AsyncClient(base_url=address, timeout=PATIENCE, limits=limits) as client:
        await asyncio.gather(*map(one, range(CLIENTS)))
    return codes, sorted(seconds)


def is_answered(client: httpx.Client) -> bool:
    return code_of(client.post("/v1/ask", json=QUESTION)) == ""


@pytest.fixture
def servers() -> Iterator[Pair]:
    with pair() as found:
        yield found


@contextmanager
def killed(servers: Pair) -> Iterator[None]:
    servers.kill_primary()
    yield


@pytest.mark.parametrize("how", ["hanging", "killed"])
def test_all_clients_are_told_at_once_that_the_store_is_away(tmp_path: Path, servers: Pair, how: str) -> None:
    with started(tmp_path, LOCCIT_STORE=servers.primary_url) as (_, client):
        client.put("/v1/documents/mars.txt?wait=true", content="Mars has two moons.").raise_for_status()
        with servers.hanging() if how == "hanging" else killed(servers):
            eventually(lambda: not is_answered(client))
            codes, seconds = asyncio.run(told(client.base_url))
            assert codes == {"store_unavailable": CLIENTS * REQUESTS}
            assert seconds[round(0.99 * len(seconds)) - 1] < PROMPT_SECONDS
            assert client.get("/readyz").status_code == 200
        if how == "hanging":
            eventually(lambda: is_answered(client))
    assert "Traceback" not in (tmp_path / "serve.log").read_text()


@pytest.mark.parametrize("how", ["hanging", "killed"])
def test_questions_are_answered_from_a_standby_meanwhile(tmp_path: Path, servers: Pair, how: str) -> None:
    with started(tmp_path, LOCCIT_STORE=servers.url) as (_, client):
        client.put("/v1/documents/mars.txt?wait=true", content="Mars has two moons.").raise_for_status()
        assert is_answered(client)
        servers.wait_for_standby()
        with servers.hanging() if how == "hanging" else killed(servers):
            put = client.put("/v1/documents/venus.txt", content="Venus has no moons.")
            assert code_of(put) == "store_unavailable"
            for _ in range(20):
                assert client.post("/v1/ask", json=QUESTION).json()["passages"]
            assert code_of(client.get("/v1/documents/mars.txt")) == ""
    assert "Traceback" not in (tmp_path / "serve.log").read_text()
