"""What only the store of files in PostgreSQL can meet: a file that is attached while it is erased."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg

from service.state.databases.postgresql import SCHEMA
from service.state.files import UploadedFile, open_file_store
from tests.patience import PATIENCE, eventually

WAITING = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
ATTACH = """
UPDATE files SET erasing = 0 WHERE id = 'a';
INSERT INTO attachments VALUES ('x', 'a', 'a/a', 'job', 1.0, '{}');
"""


def test_a_file_that_is_attached_meanwhile_is_not_erased(postgresql_url: str, tmp_path: Path) -> None:
    with (
        closing(open_file_store(tmp_path, store=postgresql_url)) as store,
        psycopg.connect(postgresql_url) as attaching,
        psycopg.connect(postgresql_url, autocommit=True) as watching,
        ThreadPoolExecutor(1) as pool,
    ):
        file = store.add(UploadedFile("a", "a.txt", "assistants", 1, 1.0, "/"))
        attaching.execute(f"SET search_path TO {SCHEMA}")
        attaching.execute(ATTACH)
        erasing = pool.submit(store.begin_erasing, "a", known=[])
        eventually(lambda: watching.execute(WAITING).fetchone() is not None)
        attaching.commit()
        assert erasing.result(PATIENCE) is False
        assert store.file("a") == file
