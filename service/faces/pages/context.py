"""Context of a page: the language, the address of the service, and the caller."""

from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, quote, urlsplit

from starlette.types import Scope as Connection

from service.faces.pages.languages import Language, choose_language
from service.http.links import SIGN_IN
from service.state.identity import SETTING, Principal, Scope

LANGUAGE_COOKIE = "loccit_language"
_NOBODY = Principal("", "nobody", Scope.NONE)


@dataclass(frozen=True, slots=True)
class PageContext:
    """Of one request. ``prefix`` is the path under which a proxy serves the pages; empty without one."""

    language: Language
    prefix: str
    caller: Principal
    path: str
    """Path of this page, without the prefix."""
    address: str
    """Path and query of this page, without the prefix."""
    collection: str

    def at(self, path: str) -> str:
        """The address of a path of this service, for a link."""
        return f"{self.prefix}{path}" if path.startswith("/") else path

    @property
    def caller_name(self) -> str:
        """The name of the caller; the key of the settings has none that a reader would know."""
        if self.caller.key == SETTING:
            return self.language.t("Administrator")
        return self.caller.user or self.caller.name

    @property
    def is_signed_in(self) -> bool:
        """Whether the caller has a name, so that it can sign out."""
        return bool(self.caller.key or self.caller.user)


def context_of(connection: Connection) -> PageContext:
    """The context of a request."""
    headers = dict(connection["headers"])
    query = connection.get("query_string", b"").decode("latin-1")
    path = connection["path"]
    return PageContext(
        choose_language(_cookie(headers), headers.get(b"accept-language", b"").decode("latin-1")),
        urlsplit(connection["app"].state.settings.public_url).path.rstrip("/"),
        connection.get("state", {}).get("principal", _NOBODY),
        path,
        # A provider leads to addresses below this one with secrets, and once.
        SIGN_IN if path.startswith(f"{SIGN_IN}/") else f"{quote(path)}{'?' if query else ''}{query}",
        parse_qs(query).get("collection", ["default"])[-1],
    )


def _cookie(headers: Mapping[bytes, bytes]) -> str:
    try:
        found = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1")).get(LANGUAGE_COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""
