"""Metrics of values in a database: read in the background, and shown while it is away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from pydantic import SecretStr

from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.ingest.preparation import Source
from index.library import Library
from service.monitoring.metrics import SharedState, WorkMetrics
from service.monitoring.metrics.metrics import render_families
from service.state.jobs import open_job_store
from tests.patience import eventually
from tests.postgresql import database, end_connections, logged
from tests.service.monitoring.metrics.exposition import value

pytestmark = pytest.mark.processes


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with database() as url:
        config = LibraryConfig(store=SecretStr(url))
        with Library(tmp_path, embedder=WordEmbedder(), config=config) as opened:
            opened.open("notes", create=True).put(Source("mars.txt", b"Mars has two moons."))
            yield opened


def test_a_scrape_asks_nothing_and_values_stay_while_the_database_is_away(library: Library) -> None:
    url = library.config.store_url

    def scrape() -> str:
        return render_families("", lambda: state.families(ready=True))[0].decode()

    with closing(open_job_store(library.data, store=url)) as jobs, logged(url) as statements:
        state = SharedState(library, jobs)
        assert value(scrape(), "store_reachable") == 0
        state.refresh()
        statements()
        text = scrape()
        assert statements() == []
        assert value(text, "collection_documents", collection="notes") == 1
        assert value(text, "collection_lag_changes", collection="notes") == 0
        assert value(text, "store_reachable") == 1
        with psycopg.connect(url.replace(urlsplit(url).path, "/postgres"), autocommit=True) as other:
            name = urlsplit(url).path[1:]
            other.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            end_connections_of(other, name)
            state.refresh()
            text = scrape()
            other.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        assert value(text, "store_reachable") == 0
        assert value(text, "collection_documents", collection="notes") == 1
        assert value(text, "collections", state="open") == 1
        assert value(text, "store_values_age_seconds") > 0
        end_connections(url)

        def is_reachable() -> bool:
            state.refresh()
            return value(scrape(), "store_reachable") == 1

        eventually(is_reachable)


def test_what_is_erased_ages_until_it_is_purged(library: Library) -> None:
    notes = library.open("notes")
    notes.editor.delete("mars.txt")
    with closing(open_job_store(library.data, store=library.config.store_url)) as jobs:
        state = SharedState(library, jobs)
        state.refresh()
        text = render_families("", lambda: state.families(ready=True))[0].decode()
    assert value(text, "collection_purge_seconds", collection="notes") > 0


def test_a_worker_tells_what_it_has_done(library: Library) -> None:
    text = WorkMetrics(library).render("", 7, is_ready=True)[0].decode()
    assert value(text, "passages_embedded_total") == 7
    assert value(text, "work_ready") == 1
    assert value(text, "store_connections", state="most") == 32


def end_connections_of(connection: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    query = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s"
    connection.execute(query, [name])
