"""The address of the database: what is refused, and that no error repeats a password."""

from __future__ import annotations

import socket

import pytest

from index.errors import StoreUnavailable
from service.errors import InvalidSettings
from service.settings import load_settings
from service.settings.values import validate_address
from service.state.databases.server import require_database
from tests.packaging.test_packaging import run_without
from tests.postgresql import PASSWORD

SECRET = "zqpassword"  # noqa: S105 -- of nothing


@pytest.mark.parametrize(
    "url",
    [
        "",
        "postgresql://loccit:a%40b%2Fc@db.example.org:5432/loccit",
        "postgres://loccit@[::1]/loccit?sslmode=verify-full",
        "postgresql://loccit:x@one:5432,two:5433/loccit?target_session_attrs=read-write",
        "postgresql://loccit:x@/loccit?host=%2Frun%2Fpostgresql",
        "postgresql://?service=loccit",
    ],
)
def test_addresses_of_postgresql_are_taken(url: str) -> None:
    assert validate_address(url) == url
    assert load_settings(store=url).library_config().store_url == url


@pytest.mark.parametrize(
    "url",
    [
        "/data/store.sqlite",
        f"mysql://loccit:{SECRET}@db/loccit",
        f"postgresql://loccit:{SECRET}@",
        f"postgresql://loccit:{SECRET}@more@db/loccit",
        f"postgresql://loccit:{SECRET}/more@db/loccit",
        f"postgresql://loccit:{SECRET}#more@db/loccit",
        f"postgresql://loccit:{SECRET}?more@db/loccit",
        f"postgresql://loccit:{SECRET}%zz@db/loccit",
        f"postgresql://loccit:{SECRET}:x@db/loccit",
        f"postgresql://[loccit:{SECRET}@db/loccit",
    ],
)
def test_other_addresses_are_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(InvalidSettings, match=r"LOCCIT_STORE: .*postgresql://user:password@host") as refused:
        load_settings(store=url)
    assert SECRET not in str(refused.value)
    assert SECRET not in repr(refused.value.__cause__)


def test_settings_do_not_show_it() -> None:
    settings = load_settings(store=f"postgresql://loccit:{SECRET}@db/loccit")
    config = settings.library_config()
    shown = [repr(settings), str(settings), settings.model_dump_json(), repr(config), str(config)]
    assert not any(SECRET in text for text in shown)


def test_a_database_that_can_be_used_is_taken(postgresql_url: str) -> None:
    require_database(postgresql_url)


@pytest.mark.parametrize("wrong", ["password", "database", "user"])
def test_one_that_lets_us_not_in_is_refused(postgresql_url: str, wrong: str) -> None:
    changed = {
        "password": postgresql_url.replace(PASSWORD, SECRET),
        "database": postgresql_url.replace("/test_", "/absent_"),
        "user": postgresql_url.replace("//loccit", "//nobody"),
    }
    with pytest.raises(StoreUnavailable, match=r"LOCCIT_STORE .*\(.*(authentication|exist).*psql") as refused:
        require_database(changed[wrong])
    assert not any(secret in refused.value.message for secret in (SECRET, PASSWORD))


def test_a_server_that_is_not_there_is_named() -> None:
    with socket.socket() as unused:  # nobody listens
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(StoreUnavailable, match=f"port {port} failed"):
            require_database(f"postgresql://loccit:{SECRET}@127.0.0.1:{port}/loccit")


def test_an_unknown_parameter_is_named(postgresql_url: str) -> None:
    with pytest.raises(InvalidSettings, match='invalid URI query parameter: "sslmod"'):
        require_database(f"{postgresql_url}&sslmod=require")


def test_a_database_of_another_encoding_is_refused(postgresql_url: str) -> None:
    import psycopg

    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(
            "CREATE DATABASE of_latin1 ENCODING LATIN1 TEMPLATE template0 LOCALE 'C' LOCALE_PROVIDER libc"
        )
        name = connection.info.dbname
        try:
            with pytest.raises(InvalidSettings, match=r"encoding LATIN1.*createdb"):
                require_database(postgresql_url.replace(name, "of_latin1"))
        finally:
            connection.execute("DROP DATABASE of_latin1 WITH (FORCE)")


@pytest.mark.processes
def test_a_missing_library_names_the_extra() -> None:
    script = (
        "from service.state.databases.server import require_database; require_database('postgresql://h/d')"
    )
    result = run_without({"psycopg"}, script)
    assert "LOCCIT_STORE needs psycopg. Run: pip install 'loccit[postgresql]'" in result.stderr
