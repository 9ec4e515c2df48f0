"""A service whose people sign out, whose keys are revoked and documents erased until it is killed.

With ``fills`` its disk is full now and then: what is refused then is not done.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from index.embedding import WordEmbedder
from index.errors import DiskFull
from index.library import Library
from service.app import create_app
from service.flows.upkeep import check
from service.settings import Settings
from service.state.identity import COOKIE, Scope, new_key
from tests.crash.child import Order, config
from tests.mounts import fill
from tests.patience import eventually
from tests.residue import residue
from tests.service.whole_replies import ADDRESS, whole_replies

ADMIN = {"x-api-key": "correct-horse"}
BALLAST = "fills"
_ACTIONS = {"make": 3, "enter": 6, "leave": 4, "leave_all": 1, "revoke": 1, "put": 4, "erase": 3}
_FILLS = {"fill": 1, "free": 2}
_DONE, _STORED, _SEEN, _REFUSED, _MISSING, _FULL = 200, 201, 303, 401, 404, 507
_ADDRESSES = itertools.count()

Tell = Callable[..., None]


@contextmanager
def service(data: Path) -> Iterator[TestClient]:
    """The service on a data folder, in this process."""
    with Library(data, embedder=WordEmbedder(), config=config("flat")) as library:
        app = create_app(Settings(data=data, api_key=ADMIN["x-api-key"]), library=library)
        with TestClient(app, follow_redirects=False) as client:
            eventually(lambda: client.get("/readyz").status_code == _DONE)
            yield client


@dataclass
class Accounts:
    """What is known: keys by their ids, the key of each session, and documents, of each what was ended."""

    keys: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    documents: set[str] = field(default_factory=set)
    revoked: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)

    @property
    def valid(self) -> list[str]:
        """Keys that are not revoked."""
        return sorted(self.keys.keys() - self.revoked)

    @property
    def present(self) -> list[str]:
        """Sessions that are not ended, also not with their keys."""
        return sorted(
            one for one, key in self.sessions.items() if one not in self.left | self.revoked_with(key)
        )

    def revoked_with(self, key: str) -> set[str]:
        """The sessions of a key, if it is revoked."""
        return {one for one, own in self.sessions.items() if own == key} if key in self.revoked else set()

    def apply(self, action: str, argument: str, result: Any) -> None:
        """Do what was acknowledged."""
        match action:
            case "make":
                self.keys[result[0]] = result[1]
            case "enter":
                self.sessions[result] = argument
            case "leave":
                self.left.add(argument)
            case "leave_all":
                key = self.sessions[argument]
                self.left |= {one for one, own in self.sessions.items() if own == key}
            case "revoke":
                self.revoked.add(argument)
            case "put":
                self.documents.add(argument)
            case "erase":
                self.documents.discard(argument)
                self.erased.add(argument)


def live(order: Order, tell: Tell) -> None:
    """Act at random, told before and after."""
    draw, known, data = random.Random(order.seed), Accounts(), Path(order.folder).parents[1]
    with service(data) as client:
        for number in range(order.operations):
            action, argument = _drawn(draw, known, f"{order.seed}-{number}", fills=order.fills)
            tell(begun=[action, argument])
            if action == "fill":
                fill(data.parent)
            elif action == "free":
                (data.parent / BALLAST).unlink(missing_ok=True)
            result = perform(client, known, action, argument)
            if result is None:
                tell(refused=True)
                continue
            known.apply(action, argument, result)
            tell(done=result)
    tell(finished=True)


def _drawn(draw: random.Random, known: Accounts, new: str, *, fills: bool) -> tuple[str, str]:
    actions = _ACTIONS | (_FILLS if fills else {})
    action = draw.choices([*actions], [*actions.values()])[0]
    among = {
        "enter": known.valid,
        "leave": known.present,
        "leave_all": known.present,
        "revoke": known.valid,
        "erase": sorted(known.documents),
    }.get(action)
    if among is None:
        return action, new
    return (action, draw.choice(among)) if among else ("make", new)


def perform(client: TestClient, known: Accounts, action: str, argument: str) -> Any:
    """Do it; returns what it gives, or None if a full disk refused it."""
    if action == "make":
        return _make(client, argument)
    if action == "enter":
        cookie = client.post("/sign-in", data={"key": known.keys[argument]}).cookies.get(COOKIE)
        client.cookies.clear()
        return cookie
    if action in {"leave", "leave_all"}:
        form = {"everywhere": "yes"} if action == "leave_all" else {}
        reply = client.post("/sign-out", data=form, headers={"cookie": f"{COOKIE}={argument}"})
    elif action == "revoke":
        reply = client.post(f"/keys/{argument}/revoke", headers=ADMIN)
    elif action == "put":
        body = {"text": f"The {word(argument)} lamp.", "groups": [f"of{word(argument)}"]}
        reply = client.put(f"/v1/documents/{argument}", json=body, headers=ADMIN)
    elif action == "erase":
        reply = client.delete(f"/v1/documents/{argument}", headers=ADMIN)
    else:
        return True
    assert reply.status_code in {_DONE, _STORED, _SEEN, _FULL}, reply.text
    return None if reply.status_code == _FULL else True


def _make(client: TestClient, name: str) -> list[str] | None:
    token, key = new_key(name, Scope.READ)
    try:
        client.app.state.runtime.keyring.add(key)  # type: ignore[attr-defined]
    except DiskFull:
        return None
    return [key.id, token]


def word(document: str) -> str:
    """A word that only this document has, and no id."""
    return f"zq{document.replace('-', 'x')}q"


class AccountWitness:
    """Knows what processes acknowledged, and what the killed one may have done beside."""

    def __init__(self) -> None:
        self.known = Accounts()
        self._doubtful: tuple[str, str] | None = None

    def hear(self, told: list[Any]) -> None:
        """Take in what a process told until it was killed."""
        failures = [one["failed"] for one in told if "failed" in one]
        assert not failures, failures[0]
        self._doubtful = None
        for event in told:
            if "begun" in event:
                self._doubtful = (event["begun"][0], event["begun"][1])
            elif self._doubtful and "done" in event:
                self.known.apply(*self._doubtful, event["done"])
                self._doubtful = None
            elif "refused" in event:
                self._doubtful = None

    def check(self, data: Path) -> None:
        """Start the service and compare, also while its disk is full; what is in doubt is done or not."""
        ballast = data.parent / BALLAST
        with service(data) as client:
            self._settle(client)
            self._check_answers(client)
            if ballast.exists():
                ballast.unlink()
                self._check_answers(client)
            purging = client.app.state.runtime.library.open("default", create=True).purging  # type: ignore[attr-defined]
            eventually(lambda: not purging.pending())
        problems = [one for one in check(data, config("flat")) if one.problem.code not in _OF_THE_DISK]
        assert problems == []
        assert residue(data, [word(one) for one in sorted(self.known.erased)]) == []

    def _settle(self, client: TestClient) -> None:
        """Find out about the last action: it is done, as a whole, or not begun."""
        action, argument = self._doubtful or ("", "")
        self._doubtful = None
        is_done = {
            "leave": lambda: not _enters(client, argument),
            "leave_all": lambda: not _enters(client, argument),
            "revoke": lambda: not _opens(client, self.known.keys[argument]),
            "put": lambda: _is_there(client, argument),
            "erase": lambda: not _is_there(client, argument),
        }.get(action)
        if is_done is not None and is_done():
            self.known.apply(action, argument, None)

    def _check_answers(self, client: TestClient) -> None:
        known = self.known
        present = set(known.present)
        for cookie in known.sessions:
            assert _enters(client, cookie) == (cookie in present), cookie
        for key, token in known.keys.items():
            assert _opens(client, token) == (key not in known.revoked), key
        for document in known.documents | known.erased:
            assert _is_there(client, document) == (document in known.documents), document


def _enters(client: TestClient, cookie: str) -> bool:
    return _is_let_in(client, {"cookie": f"{COOKIE}={cookie}"})


def _opens(client: TestClient, key: str) -> bool:
    return _is_let_in(client, {"x-api-key": key})


def _is_let_in(client: TestClient, headers: dict[str, str]) -> bool:
    # From an address of its own: wrong keys are slowed down by address.
    number = next(_ADDRESSES)
    address = {ADDRESS: f"198.51.{number // 250 % 250}.{number % 250}"}
    reply = whole_replies(client).get("/v1/collections", headers=headers, extensions=address)
    assert reply.status_code in {_DONE, _REFUSED}, reply.text
    return reply.status_code == _DONE


def _is_there(client: TestClient, document: str) -> bool:
    reply = client.get(f"/v1/documents/{document}", headers=ADMIN)
    assert reply.status_code in {_DONE, _MISSING}, reply.text
    return reply.status_code == _DONE


_OF_THE_DISK = frozenset({"disk_almost_full", "audit_damaged"})
"""A small disk; and lines of the audit log that a full one has cut off."""
