"""Small fakes of the applications that sources name: as much of each API as its connector asks for.

Each has items with a name, a text and a version, lists them in pages, and can be told to fail. None of them
has met the real application.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape

import httpx

from index.sources.applications import Source

SECRET = "s3cret-token-of-the-source"  # noqa: S105
PAGE = 4


@dataclass
class Item:
    """A file or page: where it is, its name, what it says, and how often it was changed."""

    folder: str
    name: str
    text: str
    version: int = 1


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Fake(httpx.BaseTransport):
    """An application with ten items. ``answer`` is asked before it answers itself."""

    kind: ClassVar[str]
    place: ClassVar[str]
    url: ClassVar[str] = ""
    user: ClassVar[str] = ""
    options: ClassVar[dict[str, str]] = {}
    suffix: ClassVar[str] = ".txt"
    moves: ClassVar[bool] = True
    renames: ClassVar[bool] = True
    reads: ClassVar[bool] = True
    """True if the text of each item is asked for by a request of its own."""
    pages: ClassVar[bool] = True
    """True if the listing has pages."""

    items: dict[str, Item] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)
    answer: Callable[[httpx.Request], httpx.Response | None] = lambda request: None
    secret: str = SECRET

    def __post_init__(self) -> None:
        for number in range(10):
            folder = "birds" if number % 2 else ""
            item = Item(folder, f"note{number}", f"Sentence {number} tells of bird {number * 37}.")
            self.items[self.identity(number)] = item

    def identity(self, number: int) -> str:
        return f"{100 + number}"

    @property
    def source(self) -> Source:
        return Source(
            "things",
            self.kind,
            self.place,
            url=self.url,
            user=self.user,
            options=self.options,
            prefix="things",
        )

    def documents(self) -> dict[str, str]:
        """The ids of documents that a collection is to have, with what they say."""
        return {f"things/{self.path(key)}": item.text for key, item in self.items.items()}

    def path(self, key: str) -> str:
        item = self.items[key]
        return "/".join(filter(None, (item.folder, f"{item.name}{self.suffix}")))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        given = self.answer(request)
        if given is not None:
            return given
        if not self.admits(request):
            return httpx.Response(401, json={"message": "Bad credentials"})
        return self.respond(request)

    def admits(self, request: httpx.Request) -> bool:
        return request.headers.get("authorization") == f"Bearer {self.secret}"

    def respond(self, request: httpx.Request) -> httpx.Response:
        raise NotImplementedError

    def is_listing(self, request: httpx.Request) -> bool:
        raise NotImplementedError

    def is_reading(self, request: httpx.Request) -> bool:
        return False


def page_of(found: list[Any], start: int) -> tuple[list[Any], int | None]:
    """A page of what was found, and where the next one begins."""
    following = start + PAGE
    return found[start:following], following if following < len(found) else None


class FakeGitHub(Fake):
    """A repository, of which a listing of a folder and those below it has at most ``most`` entries."""

    kind, place = "github", "org/manual"
    pages = False
    most = 100

    def sha(self, item: Item) -> str:
        return hashlib.sha1(item.text.encode(), usedforsecurity=False).hexdigest()

    def respond(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/repos/org/manual":
            return httpx.Response(200, json={"default_branch": "main"})
        if path.startswith("/repos/org/manual/git/trees/"):
            return self.listed(path.rpartition("/")[2], recursive="recursive" in request.url.params)
        sha = path.rpartition("/")[2]
        for item in self.items.values():
            if path.startswith("/repos/org/manual/git/blobs/") and self.sha(item) == sha:
                return httpx.Response(200, text=item.text)
        return httpx.Response(404, json={"message": "Not Found"})

    def listed(self, tree: str, *, recursive: bool) -> httpx.Response:
        """A folder, by its name or its hash, which equal folders share."""
        below = self.below(tree)
        entries: list[dict[str, Any]] = []
        for path, item in below:
            folders = [path[: place.start()] for place in re.finditer("/", path)]
            for folder in folders:
                if folder not in [one["path"] for one in entries]:
                    inside = [(p[len(folder) + 1 :], i) for p, i in below if p.startswith(f"{folder}/")]
                    entries.append({"type": "tree", "path": folder, "sha": self.hash(inside)})
            entries.append({"type": "blob", "path": path, "sha": self.sha(item), "size": len(item.text)})
        if not recursive:
            entries = [one for one in entries if "/" not in one["path"]]
        shown = sorted(entries, key=lambda one: str(one["path"]))[: self.most]
        cut = len(shown) < len(entries)
        return httpx.Response(200, json={"sha": self.hash(below), "tree": shown, "truncated": cut})

    def below(self, tree: str) -> list[tuple[str, Item]]:
        """The items in and below a folder, each with its path in it."""
        paths = [(self.path(key), item) for key, item in self.items.items()]
        folders = {path[: place.end()] for path, _ in paths for place in re.finditer("/", path)}
        for folder in ["", *sorted(folders)]:
            inside = [(path[len(folder) :], item) for path, item in paths if path.startswith(folder)]
            if tree in ("main", self.hash(inside)):
                return inside
        raise AssertionError(tree)

    def hash(self, inside: Iterable[tuple[str, Item]]) -> str:
        told = " ".join(sorted(f"{path} {self.sha(item)}" for path, item in inside))
        return hashlib.sha1(told.encode(), usedforsecurity=False).hexdigest()

    def is_listing(self, request: httpx.Request) -> bool:
        return "/git/trees/" in request.url.path

    def is_reading(self, request: httpx.Request) -> bool:
        return "/git/blobs/" in request.url.path


class FakeRepository(FakeGitHub):
    """A repository whose items have the whole names of files."""

    suffix = ""


class FakeConfluence(Fake):
    kind, place, url = "confluence", "ENG", "https://wiki.test"

    def identity(self, number: int) -> str:
        return f"{5000 + number}"

    def respond(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/wiki/api/v2/spaces":
            return httpx.Response(200, json={"results": [{"key": "ENG", "id": "7"}]})
        if path == "/wiki/api/v2/spaces/7/pages":
            results, following = page_of(list(self.listed()), int(request.url.params.get("cursor", 0)))
            links = {"next": f"/wiki/api/v2/spaces/7/pages?cursor={following}"} if following else {}
            return httpx.Response(200, json={"results": results, "_links": links})
        key = path.rpartition("/")[2]
        item = Item("", key, "It has pages below it.") if key.startswith("f-") else self.items.get(key)
        if item is None:
            return httpx.Response(404, json={})
        storage = f"<h1>{escape(item.name)}</h1><p>{escape(item.text)}</p>"
        return httpx.Response(200, json={"body": {"storage": {"value": storage}}})

    def listed(self) -> Iterator[dict[str, Any]]:
        for folder in sorted({item.folder for item in self.items.values()} - {""}):
            yield {"id": f"f-{folder}", "title": folder, "version": {"number": 1}, "parentId": None}
        for key, item in self.items.items():
            parent = f"f-{item.folder}" if item.folder else None
            yield {"id": key, "title": item.name, "version": {"number": item.version}, "parentId": parent}

    def is_listing(self, request: httpx.Request) -> bool:
        return request.url.path.endswith("/7/pages")

    def is_reading(self, request: httpx.Request) -> bool:
        return "/api/v2/pages/" in request.url.path


class FakeJira(Fake):
    kind, place, url, user = "jira", "HELP", "https://jira.test", "ann@example.org"
    suffix = ".md"
    moves = renames = reads = False

    def identity(self, number: int) -> str:
        return f"HELP-{number + 1}"

    def path(self, key: str) -> str:
        return f"{key}.md"

    def admits(self, request: httpx.Request) -> bool:
        return (
            request.headers.get("authorization", "") == httpx.BasicAuth(self.user, self.secret)._auth_header
        )

    def respond(self, request: httpx.Request) -> httpx.Response:
        found = [
            {
                "key": key,
                "fields": {
                    "summary": item.text,
                    "updated": f"2026-01-{item.version:02}",
                    "status": {"name": "Open"},
                },
            }
            for key, item in self.items.items()
        ]
        issues, following = page_of(found, int(request.url.params.get("nextPageToken", 0)))
        return httpx.Response(
            200, json={"issues": issues, **({"nextPageToken": str(following)} if following else {})}
        )

    def is_listing(self, request: httpx.Request) -> bool:
        return request.url.path == "/rest/api/3/search/jql"


class FakeNotion(Fake):
    kind, place = "notion", "0123456789abcdef0123456789abcdef"
    moves = False

    def path(self, key: str) -> str:
        return f"{self.items[key].name}.txt"

    def respond(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == f"/v1/databases/{self.place}/query":
            start = int(json.loads(request.content).get("start_cursor") or 0)
            pages, following = page_of([self.page(key) for key in self.items], start)
            return httpx.Response(
                200, json={"results": pages, "has_more": following is not None, "next_cursor": str(following)}
            )
        found = re.fullmatch(r"/v1/blocks/(.+)/children", path)
        if found and found[1] in self.items:
            text = self.items[found[1]].text
            block = {"type": "paragraph", "paragraph": {"rich_text": [{"plain_text": text}]}}
            return httpx.Response(200, json={"results": [block], "has_more": False})
        return httpx.Response(404, json={})

    def page(self, key: str) -> dict[str, Any]:
        item = self.items[key]
        title = {"type": "title", "title": [{"plain_text": item.name}]}
        edited = f"2026-01-{item.version:02}T00:00:00Z"
        return {"id": key, "last_edited_time": edited, "properties": {"Name": title}}

    def is_listing(self, request: httpx.Request) -> bool:
        return request.url.path.endswith("/query")

    def is_reading(self, request: httpx.Request) -> bool:
        return request.url.path.endswith("/children")


class FakeZendesk(Fake):
    kind, place, user = "zendesk", "help", "ann@example.org"
    moves = reads = False

    def path(self, key: str) -> str:
        return f"{key}_{self.items[key].name}.txt"

    def admits(self, request: httpx.Request) -> bool:
        expected = httpx.BasicAuth(f"{self.user}/token", self.secret)._auth_header
        return request.headers.get("authorization", "") == expected

    def respond(self, request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["page"])
        articles, following = page_of([self.article(key) for key in self.items], PAGE * (page - 1))
        return httpx.Response(200, json={"articles": articles, "next_page": "more" if following else None})

    def article(self, key: str) -> dict[str, Any]:
        item = self.items[key]
        return {
            "id": int(key),
            "title": item.name,
            "body": f"<p>{item.text}</p>",
            "updated_at": f"2026-01-{item.version:02}",
            "html_url": f"https://help.zendesk.com/hc/{key}",
            "draft": False,
            "user_segment_id": None,
        }

    def is_listing(self, request: httpx.Request) -> bool:
        return request.url.path.endswith("/articles.json")


class FakeNextcloud(Fake):
    kind, place, url, user = "nextcloud", "/Shared", "https://cloud.test", "ann"

    def admits(self, request: httpx.Request) -> bool:
        return (
            request.headers.get("authorization", "") == httpx.BasicAuth(self.user, self.secret)._auth_header
        )

    def respond(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/ocs/v2.php/cloud/user":
            return httpx.Response(200, json={"ocs": {"data": {"id": "ann"}}})
        inside = unquote(path).removeprefix("/remote.php/dav/files/ann/Shared").strip("/")
        if request.method == "PROPFIND":
            return httpx.Response(207, text=self.multistatus(inside))
        for key, item in self.items.items():
            if self.path(key) == inside:
                return httpx.Response(200, text=item.text)
        return httpx.Response(404)

    def multistatus(self, folder: str) -> str:
        rows = [self.row(folder, None)]
        if not folder:
            rows += [
                self.row(one, None) for one in sorted({one.folder for one in self.items.values()} - {""})
            ]
        rows += [self.row(self.path(key), item) for key, item in self.items.items() if item.folder == folder]
        return f'<d:multistatus xmlns:d="DAV:">{"".join(rows)}</d:multistatus>'

    def row(self, path: str, item: Item | None) -> str:
        href = quote(f"/remote.php/dav/files/ann/Shared/{path}")
        if item is None:
            return (
                f"<d:response><d:href>{href}/</d:href><d:propstat><d:prop><d:resourcetype><d:collection/>"
                "</d:resourcetype></d:prop></d:propstat></d:response>"
            )
        etag = hashlib.sha256(f"{path}{item.text}".encode()).hexdigest()[:12]
        return (
            f"<d:response><d:href>{href}</d:href><d:propstat><d:prop><d:resourcetype/><d:getetag>&quot;{etag}"
            f"&quot;</d:getetag><d:getcontentlength>{len(item.text)}</d:getcontentlength></d:prop></d:propstat>"
            "</d:response>"
        )

    def is_listing(self, request: httpx.Request) -> bool:
        return request.method == "PROPFIND"

    def is_reading(self, request: httpx.Request) -> bool:
        return request.method == "GET" and request.url.path.startswith("/remote.php/")


@dataclass
class FakeSharePoint(Fake):
    kind, place = "sharepoint", "org.sharepoint.com/sites/Team/Documents"
    options: ClassVar = {"tenant": "t-1", "client": "c-1"}
    permissions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def identity(self, number: int) -> str:
        return f"01ITEM{number}"

    def admits(self, request: httpx.Request) -> bool:
        host = request.url.host
        if host == "login.microsoftonline.com":
            return f"client_secret={self.secret}".encode() in request.content
        if host == "files.test":
            return "authorization" not in request.headers
        return request.headers.get("authorization") == "Bearer access"

    def respond(self, request: httpx.Request) -> httpx.Response:  # noqa: PLR0911 -- one for each address
        path = request.url.path
        if request.url.host == "login.microsoftonline.com":
            return httpx.Response(200, json={"access_token": "access"})
        if request.url.host == "files.test":
            return httpx.Response(200, text=self.items[path.strip("/")].text)
        if path.endswith("/drives"):
            return httpx.Response(200, json={"value": [{"name": "Documents", "id": "d1"}]})
        if path.startswith("/v1.0/sites/"):
            return httpx.Response(200, json={"id": "site-1"})
        if path.endswith("/children"):
            return self.children(request)
        key = path.split("/")[-2]
        if key not in self.items:
            return httpx.Response(404, json={})
        if path.endswith("/permissions"):
            return httpx.Response(200, json={"value": self.permissions.get(key, [])})
        return httpx.Response(302, headers={"Location": f"https://files.test/{key}?tempauth=eyJsecret"})

    def children(self, request: httpx.Request) -> httpx.Response:
        folder = request.url.path.split("/")[-2].removeprefix("f-")
        folder = "" if folder == "root" else folder
        found: list[dict[str, Any]] = []
        if not folder:
            names = sorted({one.folder for one in self.items.values()} - {""})
            found += [{"id": f"f-{name}", "name": name, "folder": {}} for name in names]
        found += [self.row(key) for key, item in self.items.items() if item.folder == folder]
        value, following = page_of(found, int(request.url.params.get("$skiptoken", 0)))
        more = {"@odata.nextLink": f"{request.url.copy_with(query=None)}?$skiptoken={following}"}
        return httpx.Response(200, json={"value": value, **(more if following else {})})

    def row(self, key: str) -> dict[str, Any]:
        item = self.items[key]
        digest = hashlib.sha256(item.text.encode()).hexdigest()[:20]
        return {
            "id": key,
            "name": f"{item.name}.txt",
            "size": len(item.text),
            "eTag": f'"{{11111111-2222-3333-4444-555555555555}},{item.version}"',
            "webUrl": f"https://org.sharepoint.com/{key}",
            "file": {"hashes": {"quickXorHash": digest}},
        }

    def is_listing(self, request: httpx.Request) -> bool:
        return request.url.path.endswith("/children")

    def is_reading(self, request: httpx.Request) -> bool:
        return request.url.path.endswith("/content")


FAKES: dict[str, type[Fake]] = {
    one.kind: one
    for one in (
        FakeConfluence,
        FakeGitHub,
        FakeJira,
        FakeNextcloud,
        FakeNotion,
        FakeSharePoint,
        FakeZendesk,
    )
}


def changed(item: Item, **given: str) -> Item:
    return replace(item, version=item.version + 1, **given)
