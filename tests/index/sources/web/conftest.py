from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from index.sources.web import Fetcher, WebConfig
from tests.index.sources.web.standins import NamedHosts, Server, WatchedNetwork
from tests.patience import PATIENCE

MakeFetcher = Callable[..., Fetcher]


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def resolver() -> NamedHosts:
    return NamedHosts(site_test="127.0.0.1", www_site_test="127.0.0.1", other_test="127.0.0.1")


@pytest.fixture
def network() -> WatchedNetwork:
    return WatchedNetwork()


@pytest.fixture
def make_fetcher(server: Server, resolver: NamedHosts, network: WatchedNetwork) -> MakeFetcher:
    """Makes fetchers that may connect to the test's own server and to public addresses."""

    def make(*, clock: Callable[[], float] = time.monotonic, **settings: Any) -> Fetcher:
        chosen = {
            "allowed_networks": ("127.0.0.1/32",),
            "ports": (80, 443, server.port),
            "seconds": PATIENCE,
            **settings,
        }
        return Fetcher(WebConfig(**chosen), resolver=resolver, network=network, clock=clock)

    return make


@pytest.fixture
def fetcher(make_fetcher: MakeFetcher) -> Fetcher:
    return make_fetcher()
