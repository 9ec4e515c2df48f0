"""The name of a service is made with its first store, and stays."""

from __future__ import annotations

from pathlib import Path

import psycopg

from service.state.databases.owner import find_owner, name_owner, service_owner
from service.state.files import open_file_store
from service.state.jobs import open_job_store


def test_a_data_folder_has_a_name_from_its_first_store_on(tmp_path: Path) -> None:
    assert find_owner(tmp_path) is None
    open_file_store(tmp_path).close()
    name = find_owner(tmp_path)
    assert name
    assert len(name) == 32
    open_job_store(tmp_path).close()
    assert service_owner(tmp_path) == find_owner(tmp_path) == name
    name_owner(tmp_path, "")
    assert service_owner(tmp_path) == ""


def test_a_database_has_a_name_from_its_first_store_on(tmp_path: Path, postgresql_url: str) -> None:
    open_job_store(tmp_path, store=postgresql_url).close()
    name = service_owner(tmp_path, postgresql_url)
    assert len(name) == 32
    open_file_store(tmp_path, store=postgresql_url).close()
    assert service_owner(tmp_path, postgresql_url) == name
    assert find_owner(tmp_path) is None


def test_a_database_with_stores_of_an_earlier_version_has_none(tmp_path: Path, postgresql_url: str) -> None:
    open_file_store(tmp_path, store=postgresql_url).close()
    with psycopg.connect(postgresql_url) as connection:
        connection.execute("DROP TABLE loccit_service.owner")
        connection.execute("DELETE FROM loccit_service.formats WHERE component = 'owner'")
    assert service_owner(tmp_path, postgresql_url) == ""
