"""Clients that write and ask without pause, and remember what every request was answered."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count, pairwise
from types import TracebackType
from typing import Any, Self

import httpx

from tests.model import sentence
from tests.patience import PATIENCE, eventually

ASKED = 20
"""Documents that are asked about and never change."""
WRONG = "wrong"
"""The code of an answer that does not begin with the one document that has the word asked for."""
_PAUSE = 0.02
"""Seconds between two requests of a client."""
_NOT_FOUND = 404
_OK = 200


@dataclass(frozen=True, slots=True)
class Reply:
    """How and when (monotonic seconds) a service answered a request; ``code`` is empty if it succeeded."""

    service: int
    at: float
    code: str


@dataclass
class Traffic:
    """Two writers and two askers for each service, until the ``with`` block ends.

    ``possible`` has the texts that each document may have: the one that was acknowledged last, and those that
    were sent after it without success, which may be stored or not. None stands for no document.
    """

    addresses: Sequence[str]
    label: str = "client"
    """Begins the ids of what is written, so that what one leaves is no document of another."""
    timeout: float = PATIENCE
    """Seconds after which a client gives a request up."""
    abandoned: set[str] = field(default_factory=set)
    """The texts of writes that nothing was replied to: whoever has one may still carry it out, later."""
    possible: dict[str, set[str | None]] = field(default_factory=dict)
    writes: list[Reply] = field(default_factory=list)
    questions: list[Reply] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._loop, args=(service, act), name=f"{self.label}-{service}-{number}")
            for service in range(len(self.addresses))
            for number, act in enumerate([self._write, self._write, self._ask, self._ask])
        ]

    def __enter__(self) -> Self:
        with httpx.Client(base_url=self.addresses[0], timeout=PATIENCE) as client:
            for number in range(ASKED):
                assert (code := _put(client, _asked(number), _text(number))) == "", code
        for address in self.addresses:
            eventually(lambda address=address: self._finds_all(address))
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def await_writes(self, more: int) -> None:
        """Wait until each service has acknowledged so many more writes."""
        before = self._acknowledged()
        eventually(lambda: all(self._acknowledged()[one] >= before[one] + more for one in self._services()))

    def lost(self, address: str) -> list[str]:
        """The documents of which a service has neither what was acknowledged nor what may have come after."""
        return list(self.unexpected(address))

    def unexpected(self, address: str) -> dict[str, str | None]:
        """What a service has of the documents that :meth:`lost` names."""
        with httpx.Client(base_url=address, timeout=PATIENCE) as client:
            stored = {id_: _stored(client, id_) for id_ in self.possible}
        return {id_: text for id_, text in stored.items() if text not in self.possible[id_]}

    def seconds_without_writes(self) -> float:
        """The longest time between two acknowledged writes, by any service."""
        return _longest_pause(self.writes)

    def seconds_without_answers(self) -> float:
        """The longest time between two answers, by any service."""
        return _longest_pause(self.questions)

    def _services(self) -> range:
        return range(len(self.addresses))

    def _acknowledged(self) -> Counter[int]:
        return Counter(one.service for one in self.writes.copy() if not one.code)

    def _finds_all(self, address: str) -> bool:
        with httpx.Client(base_url=address, timeout=PATIENCE) as client:
            return not any(_question(client, number) for number in range(ASKED))

    def _loop(self, service: int, act: Callable[[httpx.Client, str, int], tuple[list[Reply], str]]) -> None:
        name = threading.current_thread().name
        with httpx.Client(base_url=self.addresses[service], timeout=self.timeout) as client:
            for number in count():
                replies, code = act(client, name, number)
                replies.append(Reply(service, time.monotonic(), code))
                if self._ended.wait(_PAUSE):
                    return

    def _write(self, client: httpx.Client, name: str, number: int) -> tuple[list[Reply], str]:
        """Put a new document, or another text of the one before."""
        id_, text = f"{name}-{number - number % 3 % 2}.txt", f"{name} {number}. {sentence(number)}"
        texts = self.possible.setdefault(id_, {None})
        texts.add(text)
        code = _put(client, id_, text)
        if not code:
            self.possible[id_] = {text}
        elif not code[0].isdigit():
            self.abandoned.add(text)
        return self.writes, code

    def _ask(self, client: httpx.Client, name: str, number: int) -> tuple[list[Reply], str]:
        return self.questions, _question(client, number % ASKED)


def failed(replies: Sequence[Reply]) -> dict[str, int]:
    """How many requests failed, by the code of the error."""
    return dict(Counter(one.code for one in replies if one.code))


def _longest_pause(replies: Sequence[Reply]) -> float:
    times = sorted(one.at for one in replies if not one.code)
    return max((after - before for before, after in pairwise(times)), default=0.0)


def _asked(number: int) -> str:
    return f"asked-{number}.txt"


def _word(number: int) -> str:
    return f"zq{number:02}zq"


def _text(number: int) -> str:
    return f"The word of this document is {_word(number)}. {sentence(number)}"


def _put(client: httpx.Client, id_: str, text: str) -> str:
    """Put a document; the code of the error, or nothing."""
    try:
        return _code(client.put(f"/v1/documents/{id_}", json={"text": text}))
    except httpx.HTTPError as error:
        return type(error).__name__


def _question(client: httpx.Client, number: int) -> str:
    """Ask about a document; the code of the error, or nothing if it is the first that was found."""
    try:
        reply = client.post("/v1/ask", json={"question": f"Which document has {_word(number)}?", "k": 1})
    except httpx.HTTPError as error:
        return type(error).__name__
    if code := _code(reply):
        return code
    found = [one["citation"]["document_id"] for one in reply.json()["passages"]]
    return "" if found == [_asked(number)] else WRONG


def _code(reply: httpx.Response) -> str:
    if reply.is_success:
        return ""
    if not reply.headers.get("content-type", "").startswith("application/json"):
        return f"{reply.status_code} of the proxy"
    body: Any = reply.json()
    return f"{reply.status_code} {body['error']['code']}"


def _stored(client: httpx.Client, id_: str) -> str | None:
    reply = client.get(f"/v1/documents/{id_}/text")
    if reply.status_code == _NOT_FOUND:
        return None
    assert reply.status_code == _OK, reply.text
    return reply.text
