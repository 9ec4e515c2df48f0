from __future__ import annotations

import random
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path

import pytest

from index.errors import InvalidCollectionName, InvalidGroup, UnknownFormat
from index.store.sqlite import Database
from service.errors import InvalidRequest, KeysLost, Unauthorized
from service.state.identity import KeyOptions, Keyring, Marks, Scope, find_keys, new_key, open_key_store
from service.state.identity.keyring import Marking
from service.state.identity.records import StoreState
from service.state.identity.secret import id_of
from tests.patience import eventually
from tests.service.state.identity.keys import TemporaryKeyStore


class Clock:
    def __init__(self) -> None:
        self.now = 1e9

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def keyring(clock: Clock) -> Iterator[Keyring]:
    with closing(Keyring(TemporaryKeyStore(), clock=clock)) as keyring:
        yield keyring


def made(keyring: Keyring, scope: Scope = Scope.READ, **options: object) -> tuple[bytes, str]:
    """Add a key; returns it and its id."""
    token, key = new_key("a program", scope, KeyOptions(**options))  # type: ignore[arg-type]
    keyring.add(key)
    return token.encode(), key.id


def test_a_key_has_256_random_bits_and_is_stored_hashed(tmp_path: Path) -> None:
    token, key = new_key("a program", Scope.READ)
    assert re.fullmatch(r"loccit_[0-9a-f]{10}_[\w-]{43}", token)
    assert id_of(token.encode()) == key.id
    with closing(open_key_store(tmp_path)) as store:
        store.add(key)
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert token.encode() not in stored
    assert token.removeprefix(f"loccit_{key.id}_").encode() not in stored
    assert key.digest.hex() not in repr(key)
    assert (tmp_path / "keys.sqlite").stat().st_mode & 0o077 == 0


def test_a_key_names_its_principal(keyring: Keyring) -> None:
    token, id_ = made(keyring, collections=["lamps"], groups=["staff"])
    principal = keyring.principal(token)
    assert (principal.key, principal.scope, principal.groups) == (id_, Scope.READ, {"staff"})
    assert principal.may_use("lamps")
    assert not principal.may_use("other")
    assert not keyring.principal(made(keyring, collections=[])[0]).may_use("lamps")
    assert keyring.principal(made(keyring, Scope.ADMIN)[0]).groups is None  # an admin is in every group


@pytest.mark.parametrize("wrong", [b"", b"x", b"loccit", b"loccit_", b"loccit__", b"\xff_\xfe_x"])
def test_what_is_no_key_names_nobody(keyring: Keyring, wrong: bytes) -> None:
    made(keyring)
    with pytest.raises(Unauthorized):
        keyring.principal(wrong)


def test_neither_the_id_nor_the_secret_suffices(keyring: Keyring) -> None:
    token, other = made(keyring)[0], made(keyring)[0]
    secret, other_id = token.rpartition(b"_")[2], id_of(other).encode()
    for wrong in (token[:-1], token + b"x", b"loccit_" + other_id + b"_" + secret, secret):
        with pytest.raises(Unauthorized, match="not known"):
            keyring.principal(wrong)


def test_a_key_expires(keyring: Keyring, clock: Clock) -> None:
    clock.now = 5e9
    token, id_ = made(keyring, expires=6e9)
    assert keyring.principal(token).key == id_
    clock.now = 6e9
    with pytest.raises(Unauthorized, match=f"{id_} expired at"):
        keyring.principal(token)


def test_a_revoked_key_opens_nothing_from_the_next_request_on(keyring: Keyring) -> None:
    token, id_ = made(keyring)
    keyring.revoke(id_)
    with pytest.raises(Unauthorized, match=f"{id_} was revoked"):
        keyring.principal(token)


def test_a_key_is_needed_from_the_first_one_on_and_after_its_end(keyring: Keyring) -> None:
    assert not keyring.required
    _, id_ = made(keyring)
    assert keyring.required
    keyring.revoke(id_)
    assert keyring.required


def test_another_process_makes_and_revokes_keys(tmp_path: Path) -> None:
    token, key = new_key("a program", Scope.READ)
    with closing(Keyring(open_key_store(tmp_path))) as running, closing(open_key_store(tmp_path)) as other:
        running.start()
        other.add(key)
        eventually(lambda: running.required)
        assert running.principal(token.encode()).key == key.id
        other.revoke(key.id, 1.0)

        def is_refused() -> bool:
            try:
                running.principal(token.encode())
            except Unauthorized:
                return True
            return False

        eventually(is_refused)


class TellingStore(TemporaryKeyStore):
    """Tells of changes, as a database does: who attends need not look often."""

    is_announced = True
    tell: Callable[[], object]

    def attending(self, woken: Callable[[], object]) -> AbstractContextManager[None]:
        self.tell = woken
        return nullcontext()


def test_a_change_that_the_store_tells_counts_at_once() -> None:
    store = TellingStore()
    token, key = new_key("a program", Scope.READ)
    with closing(Keyring(store)) as running:
        running.start()
        store.add(key)
        store.tell()
        eventually(lambda: running.required)
        assert running.principal(token.encode()).key == key.id


def test_the_first_use_is_recorded_at_once_and_later_ones_after_a_minute_and_at_the_end(clock: Clock) -> None:
    store = TemporaryKeyStore()
    keyring = Keyring(store, clock=clock)
    token, _ = made(keyring)
    keyring.start()
    keyring.principal(token)
    eventually(lambda: store.all()[0].last_used == 1e9)  # the first use, at once
    clock.now += 59
    keyring.principal(token)
    assert store.all()[0].last_used == 1e9
    assert keyring.keys()[0].last_used == 1e9 + 59
    clock.now += 1
    eventually(lambda: store.all()[0].last_used == 1e9 + 59)
    clock.now += 10
    keyring.principal(token)
    keyring.close()
    assert store.all()[0].last_used == 1e9 + 70


def test_the_key_of_the_settings_is_an_admin_key_beside_the_others() -> None:
    with closing(Keyring(TemporaryKeyStore(), api_key="correct-horse")) as keyring:
        assert keyring.required
        principal = keyring.principal(b"correct-horse")
        assert (principal.scope, principal.collections, principal.groups) == (Scope.ADMIN, None, None)
        assert keyring.principal(made(keyring)[0]).scope is Scope.READ


@pytest.mark.parametrize(
    ("name", "options", "kind"),
    [
        ("", {}, InvalidRequest),
        ("x" * 101, {}, InvalidRequest),
        ("a\nb", {}, InvalidRequest),
        ("a", {"collections": ["No"]}, InvalidCollectionName),
        ("a", {"groups": ["a,b"]}, InvalidGroup),
        ("a", {"groups": [" a"]}, InvalidGroup),
        ("a", {"groups": [""]}, InvalidGroup),
        ("a", {"expires": 1.0}, InvalidRequest),
        ("a", {"origins": ["example.org"]}, InvalidRequest),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(
    name: str, options: dict[str, object], kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        new_key(name, Scope.READ, KeyOptions(**options))  # type: ignore[arg-type]


def test_keys_of_a_later_format_are_refused_by_name(tmp_path: Path) -> None:
    open_key_store(tmp_path).close()
    database = Database(tmp_path / "keys.sqlite")
    with database.write() as connection:
        connection.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(UnknownFormat, match="format 99"):
        open_key_store(tmp_path)


def test_a_file_of_an_earlier_version_has_keys_without_open_links(tmp_path: Path) -> None:
    store = open_key_store(tmp_path)
    _, key = new_key("a program", Scope.ASK)
    store.add(key)
    store.close()
    database = Database(tmp_path / "keys.sqlite")
    with database.write() as connection:
        connection.execute("DROP INDEX keys_whole")
        connection.execute("ALTER TABLE keys DROP COLUMN open_links")
    database.close()
    store = open_key_store(tmp_path)
    assert store.all() == [key]
    store.close()


def removed(path: Path, _: Path) -> None:
    path.unlink()


def replaced(path: Path, other: Path) -> None:
    other.replace(path)


def overwritten(path: Path, other: Path) -> None:
    path.write_bytes(other.read_bytes())


def without_rows(path: Path, _: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as keys:
        keys.execute("DELETE FROM keys")


def of_another(path: Path, other: Path) -> None:
    """Give the store the keys and the secrets of another one, as a copy into the open file does."""
    with closing(sqlite3.connect(path, isolation_level=None)) as keys:
        keys.execute("ATTACH ? AS other", (str(other),))
        for table in ("keys", "secrets"):
            keys.execute(f"DELETE FROM {table}")  # noqa: S608
            keys.execute(f"INSERT INTO {table} SELECT * FROM other.{table}")  # noqa: S608
        keys.execute("UPDATE generation SET number = number + 1")


@pytest.mark.parametrize("lose", [removed, replaced, overwritten, without_rows, of_another])
def test_a_store_that_is_lost_while_it_is_open_lets_nobody_else_in(
    tmp_path: Path, lose: Callable[[Path, Path], None]
) -> None:
    for name in ("own", "other"):
        open_key_store(tmp_path / name).close()
    with closing(Keyring(open_key_store(tmp_path / "other"))) as other:
        stranger, _ = made(other)
    with closing(Keyring(open_key_store(tmp_path / "own"))) as keyring:
        token, _ = made(keyring)
    with closing(Keyring(open_key_store(tmp_path / "own"))) as keyring:
        keyring.start()
        lose(tmp_path / "own/keys.sqlite", tmp_path / "other/keys.sqlite")
        eventually(lambda: keyring.loss != "")
        assert keyring.required
        with pytest.raises(Unauthorized):
            keyring.principal(stranger)
        if lose is without_rows:
            with pytest.raises(Unauthorized):
                keyring.principal(token)
        else:
            assert keyring.principal(token).scope is Scope.READ


def test_a_log_that_belongs_to_another_file_is_not_applied_to_keys(tmp_path: Path) -> None:
    """A killed service leaves it, and SQLite would mix its pages with those of another file."""
    path = tmp_path / "own/keys.sqlite"
    for name in ("own", "other"):
        with closing(open_key_store(tmp_path / name)) as store:
            store.add(new_key(name, Scope.ADMIN)[1])
            store.identify()
    with closing(open_key_store(path.parent)) as store:
        store.secret("citations")
        log = path.with_name("keys.sqlite-wal").read_bytes()
    assert find_keys(path.parent).keys == 1
    path.with_name("keys.sqlite-wal").write_bytes(b"")
    replaced(path, tmp_path / "other/keys.sqlite")
    foreign = path.read_bytes()
    path.with_name("keys.sqlite-wal").write_bytes(log)
    for _ in range(2):
        with pytest.raises(KeysLost, match="belongs to another"):
            find_keys(path.parent)
    assert path.read_bytes() == foreign


def test_a_file_of_the_secrets_of_one_store_and_the_keys_of_another_is_refused(tmp_path: Path) -> None:
    """A service that ends merges its log into whatever is in the place of its file by then."""
    for name in ("own", "other"):
        with closing(open_key_store(tmp_path / name)) as store:
            store.add(new_key(name, Scope.ADMIN)[1])
            store.identify()
    with closing(sqlite3.connect(tmp_path / "own/keys.sqlite", isolation_level=None)) as keys:
        keys.execute("ATTACH ? AS other", (str(tmp_path / "other/keys.sqlite"),))
        keys.execute("DELETE FROM keys")
        keys.execute("INSERT INTO keys SELECT * FROM other.keys")
    found = find_keys(tmp_path / "own")
    assert (found.keys, found.gone) == (1, 1)
    with pytest.raises(KeysLost, match="are gone from"):
        Marks(tmp_path / "own").require_keys(found, asks_for_keys=True)
    with closing(open_key_store(tmp_path / "own")) as store:
        store.seal_anew()
    assert find_keys(tmp_path / "own").gone == 0


def test_keys_of_an_earlier_version_count_as_whole(tmp_path: Path) -> None:
    with closing(open_key_store(tmp_path)) as store:
        store.add(new_key("earlier", Scope.ADMIN)[1])
    with closing(sqlite3.connect(tmp_path / "keys.sqlite", isolation_level=None)) as keys:
        keys.execute("DELETE FROM secrets")
    assert find_keys(tmp_path) == StoreState("", 1, 1, 0)
    with closing(open_key_store(tmp_path)) as store:
        store.identify()
        store.add(new_key("later", Scope.ADMIN)[1])
    with closing(sqlite3.connect(tmp_path / "keys.sqlite", isolation_level=None)) as keys:
        keys.execute("DELETE FROM keys WHERE name = 'earlier'")
    assert find_keys(tmp_path).gone == 1


def test_keys_that_vanish_leave_no_room_for_others(tmp_path: Path) -> None:
    with closing(Keyring(open_key_store(tmp_path))) as keyring:
        (kept, _), (gone, id_) = made(keyring), made(keyring)
        with closing(sqlite3.connect(tmp_path / "keys.sqlite", isolation_level=None)) as keys:
            keys.execute("DELETE FROM keys WHERE id = ?", (id_,))
        with closing(open_key_store(tmp_path)) as store:
            strange, key = new_key("strange", Scope.ADMIN)
            store.add(key)
        for _ in range(2):
            with pytest.raises(KeysLost, match="start the service again"):
                keyring.refresh()
        assert keyring.principal(kept).scope is Scope.READ
        for token in (gone, strange.encode()):
            with pytest.raises(Unauthorized):
                keyring.principal(token)


def test_the_data_is_marked_with_the_first_key() -> None:
    marks: list[str] = []
    with closing(Keyring(TemporaryKeyStore(), marking=Marking("", marks.append))) as keyring:
        assert (keyring.mark, marks) == ("", [])
        made(keyring)
        made(keyring)
        assert marks == [keyring.store.identify()] == [keyring.mark]
        again = Marking(keyring.mark, marks.append)
        with closing(Keyring(keyring.store, api_key="a key", closed_by_settings=True, marking=again)):
            assert len(marks) == 1


def test_the_settings_mark_only_data_that_has_no_other_mark() -> None:
    for before, expected in (("", ["settings"]), ("a" * 32, []), ("settings", [])):
        marks: list[str] = []
        marking = Marking(before, marks.append)
        with closing(Keyring(TemporaryKeyStore(), closed_by_settings=True, marking=marking)) as keyring:
            assert (keyring.mark, marks) == ("settings", expected)


def test_a_flipped_bit_in_the_store_is_no_other_error(tmp_path: Path) -> None:
    path = tmp_path / "keys.sqlite"
    with closing(open_key_store(tmp_path)) as store:
        for name in ("one", "other"):
            store.add(new_key(name, Scope.ADMIN)[1])
        store.identify()
    whole, outcomes = path.read_bytes(), Counter[str]()
    used, draw = [at for at, byte in enumerate(whole) if byte], random.Random(7)
    for at in draw.sample(used, 300):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << draw.randrange(8)
        path.write_bytes(damaged)
        try:
            find_keys(tmp_path)
            outcomes["read"] += 1
        except KeysLost:
            outcomes["refused"] += 1
    assert outcomes["refused"] > 30, outcomes
