"""Bounds for a library that asks an application: requests, bytes, time, and what it overlooks.

The modules of oikb's connectors are loaded once more for each run, as modules of our own, in which ``httpx``
makes guarded clients and the environment is empty. So every request, those of constructors included, is
bounded and goes to checked addresses only, and a connector knows no secret but the one that it is given.
"""

import importlib.util
import itertools
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import ModuleType, SimpleNamespace
from typing import Any

import httpx

from index.errors import NotSupported, SourceError, SourceFailed, SourceRefused
from index.sources.applications.listing import EntryRefused, Stopped
from index.sources.web.errors import FetchFailed, FetchRefused, PageTooLarge

_LOADED = itertools.count(1)
_LIMITED = (429, 503)
_REFUSED = (401, 403)
_UNAUTHORIZED = 401
_FIRST_WAIT = 1.0
_FAILED = 400


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one run.

    An application that asks to wait is waited for at most ``waits`` times for one request, each time
    ``longest_wait`` seconds at most.
    """

    entries: int = 100_000
    requests: int = 50_000
    listing_seconds: float = 3600.0
    waits: int = 5
    longest_wait: float = 120.0


@dataclass(frozen=True, slots=True)
class Clock:
    """Time as a guard sees it; tests have one of their own."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep


class Guard(httpx.BaseTransport):
    """Passes requests on to ``transport`` within limits.

    While :attr:`is_listing`, no request may be sent twice, because a listing that comes back to a page never
    ends, and :attr:`failures` collects what was answered by an error, which a connector may take for the end.
    ``observe`` is called with the path of each request and the JSON that it is answered with.
    """

    def __init__(
        self,
        transport: httpx.BaseTransport,
        limits: Limits,
        *,
        clock: Clock,
        allows_http: bool = False,
        may_continue: Callable[[], bool] = lambda: True,
    ) -> None:
        self._transport = transport
        self.limits = self._limits = limits
        self._clock = clock
        self._allows_http = allows_http
        self._may_continue = may_continue
        self._requests = 0
        self._seen: set[tuple[str, str, bytes]] = set()
        self._began = clock.now()
        self.is_listing = False
        self.failures: list[tuple[int, str]] = []
        """Status and path of each request of the listing that was answered by an error."""
        self.broken: Exception | None = None
        """The error that this guard raised last, which a connector may have caught."""
        self.observe: Callable[[str, Any], None] | None = None

    def begin_listing(self) -> None:
        """Forget what was seen; a listing begins."""
        self.is_listing = True
        self._began = self._clock.now()
        self._requests = 0
        self._seen.clear()
        self.failures.clear()
        self.broken = None

    def end_listing(self) -> None:
        """End a listing. Raises what was raised in it, though a connector caught it."""
        self.is_listing = False
        if self.broken is not None:
            raise self.broken

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        try:
            response = self._ask(request)
        except Exception as error:
            self.broken = error
            raise
        if self.is_listing and response.status_code >= _FAILED:
            self.failures.append((response.status_code, request.url.path))
        if self.observe is not None and response.status_code < _FAILED:
            self._tell(self.observe, request, response)
        return response

    def _ask(self, request: httpx.Request) -> httpx.Response:
        self._admit(request)
        wait = _FIRST_WAIT
        for attempt in range(self._limits.waits + 1):
            if not self._may_continue():
                raise Stopped
            try:
                response = self._transport.handle_request(request)
            except FetchRefused as error:
                # A file that is too large, or that leads to an address in this network, is one file.
                if isinstance(error, FetchFailed) or self.is_listing:
                    raise SourceFailed(error.message) from None
                code = "file_too_large" if isinstance(error, PageTooLarge) else error.code
                raise EntryRefused(error.message, code) from None
            asked = self._asked_to_wait(response)
            if asked is None:
                return response
            seconds = asked or wait
            if seconds > self._limits.longest_wait or attempt == self._limits.waits:
                break
            self._clock.sleep(seconds)
            wait *= 2
        raise SourceFailed(
            f"{request.url.host} answers no more requests for now ({response.status_code}: its rate limit). "
            "Try again later; what was read is kept."
        )

    def _admit(self, request: httpx.Request) -> None:
        host = request.url.host
        if request.url.scheme != "https" and not self._allows_http:
            raise SourceFailed(f"{host}: only https is used, because requests carry credentials.")
        if not self.is_listing:
            return
        self._requests += 1
        sent = (request.method, str(request.url), request.read())
        if sent in self._seen:
            raise SourceFailed(
                f"{host}: the listing comes back to a page that it had before, and never ends."
            )
        self._seen.add(sent)
        if self._requests > self._limits.requests:
            raise SourceFailed(
                f"{host}: the listing has not ended after {self._limits.requests:,} requests. "
                "Divide the source."
            )
        if self._clock.now() - self._began > self._limits.listing_seconds:
            raise SourceFailed(
                f"{host}: the listing has not ended after {self._limits.listing_seconds:.0f} seconds. "
                "Divide the source."
            )

    def _asked_to_wait(self, response: httpx.Response) -> float | None:
        """Seconds that a response asks to wait, 0 where it does not say how many; None without."""
        headers = response.headers
        is_spent = headers.get("x-ratelimit-remaining") == "0" and response.status_code in _REFUSED
        if response.status_code not in _LIMITED and not is_spent:
            return None
        after = headers.get("retry-after", "")
        if after.isascii() and after.isdigit():
            return float(after[:9])
        if after:
            try:
                return max(0.0, parsedate_to_datetime(after).timestamp() - self._clock.now())
            except ValueError:
                return 0.0
        reset = headers.get("x-ratelimit-reset", "")
        if is_spent and reset.isascii() and reset.isdigit():
            return max(0.0, float(reset[:12]) - self._clock.now())
        return 0.0

    def _tell(
        self, observe: Callable[[str, Any], None], request: httpx.Request, response: httpx.Response
    ) -> None:
        if "json" in response.headers.get("content-type", ""):
            try:
                observe(request.url.path, response.json())
            except json.JSONDecodeError:
                raise SourceFailed(f"{request.url.host} sent JSON that cannot be read.") from None


class _Client(httpx.Client):
    """A client that takes a text as ``data``, as connectors give it, without a warning each time."""

    def request(self, method: str, url: httpx.URL | str, **options: Any) -> httpx.Response:
        if isinstance(options.get("data"), str):
            options["content"] = options.pop("data")
        return super().request(method, url, **options)


class _Httpx:
    """The names of httpx, of which a client sends its requests through a guard."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    def __getattr__(self, name: str) -> Any:
        return getattr(httpx, name)

    def Client(self, **options: Any) -> httpx.Client:  # noqa: N802 -- the name in httpx
        return _Client(**{**options, "transport": self._guard, "trust_env": False, "max_redirects": 5})

    def post(self, url: str, **options: Any) -> httpx.Response:
        return self.Client().post(url, **options)


def connector_module(name: str, guard: Guard) -> ModuleType:
    """Load the module of a connector once more, guarded. Raises :class:`index.errors.NotSupported`."""
    full = f"oikb.connectors.{name}"
    try:
        spec = importlib.util.find_spec(full)
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        raise NotSupported("Sources need more packages. Install them: pip install 'loccit[sources]'")
    own = importlib.util.spec_from_file_location(f"{__name__}.{name}_{next(_LOADED)}", spec.origin)
    assert own is not None  # noqa: S101 -- it is the file of a module
    assert own.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(own)
    sys.modules[own.name] = module  # where its dataclasses look for it while they are made
    try:
        own.loader.exec_module(module)
    finally:
        del sys.modules[own.name]
    replaced: Mapping[str, Any] = {"httpx": _Httpx(guard), "os": _without_environment()}
    for attribute, value in replaced.items():
        setattr(module, attribute, value)
    return module


def _without_environment() -> SimpleNamespace:
    import os

    return SimpleNamespace(environ={}, path=os.path)


def source_error(error: httpx.HTTPError, *, reads: bool) -> SourceError:
    """The error of a source for one of httpx; it names the host alone, since an address may hold a secret.

    While it ``reads``, 403 is about one file.
    """
    if isinstance(error, httpx.HTTPStatusError):
        status, host = error.response.status_code, error.request.url.host
        if status == _UNAUTHORIZED or (status in _REFUSED and not reads):
            return SourceRefused(
                f"{host} refuses the credentials ({status}): they are wrong, have expired, or lack a right. "
                "Renew them."
            )
        return SourceFailed(f"{host} answered {status}. Try again later.")
    return SourceFailed("The application could not be reached, or broke off its answer. Try again later.")
