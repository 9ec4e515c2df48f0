"""The connectors of oikb that are used, each wrapped where it would lose, mix up or overlook documents.

``docs/sources.md`` has the reasons, also those why others are not used. What is private in oikb is used here,
so its version is pinned.
"""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, ClassVar
from urllib.parse import quote

import httpx

from index.errors import InvalidSource, LoccitError, SourceFailed, SourceRefused
from index.sources.applications.configured import Source
from index.sources.applications.guard import Guard, connector_module, source_error
from index.sources.applications.listing import Entry, EntryRefused, Listing, Stopped

_PERMISSIONS = ("read", "write", "owner")


class Connector:
    """A connector of oikb as an :class:`index.sources.applications.listing.Application`.

    Subclasses make it, name what their source needs, and say of each entry what identifies it.
    """

    module: ClassVar[str]
    needs: ClassVar[Mapping[str, str]] = {}
    """Fields of a source that must be given, with what they are."""
    knows_readers: ClassVar = False
    needs_secret: ClassVar = True
    has_rights_files: ClassVar = True
    """True if its entries can be files that name the groups of folders."""
    takes_address: ClassVar = False
    """True if the application runs at an address of its own, ``url``."""

    def __init__(self, source: Source, secret: str, guard: Guard, limit: int) -> None:
        self._source = source
        self._guard = guard
        self._limit = limit
        self._missing = ""
        guard.observe = self._observe
        module = connector_module(self.module, guard)
        with _translated(guard):
            try:
                self._connector = self._make(module, source, secret)
            except ValueError:
                needed = ", ".join(f"{name}: {what}" for name, what in self.needs.items())
                raise InvalidSource(f"There is no such place, or it is written wrongly: {needed}.") from None

    def listing(self) -> Listing:
        self._missing = ""
        self._guard.begin_listing()
        with _translated(self._guard):
            found = self._listed()
        self._guard.end_listing()
        if self._guard.failures and not self._missing:
            status, path = self._guard.failures[0]
            self._missing = f"the application answered {status} for {path}"
        return Listing(found, self._missing, self.has_rights_files)

    def read(self, entry: Entry) -> bytes:
        if entry.size > self._limit:
            raise EntryRefused(f"{entry.size:,} bytes; at most {self._limit:,} are taken", "file_too_large")
        with _translated(self._guard, reads=True):
            return self._read(entry)

    def readers(self, entry: Entry) -> tuple[str, ...] | None:
        return None

    def close(self) -> None:
        self._connector.close()

    def _make(self, module: ModuleType, source: Source, secret: str) -> Any:
        raise NotImplementedError

    def _listed(self) -> list[Entry]:
        return [self._entry(one) for one in self._connector.build_manifest()]

    def _entry(self, one: Any) -> Entry:
        return Entry(one.display_path, one.checksum, one.size, key=one.display_path)

    def _read(self, entry: Entry) -> bytes:
        folder, _, name = entry.key.rpartition("/")
        return bytes(self._connector.read_file(folder, name))

    def _observe(self, path: str, answer: Any) -> None:
        """Look at an answer of the application for what the connector overlooks."""


class GitHub(Connector):
    """Files of a repository. They are read by their hashes, so that each is the one that was listed."""

    module = "github"
    needs: ClassVar = {"place": "owner/repository, or owner/repository/folder"}
    needs_secret = False

    def _make(self, module: ModuleType, source: Source, secret: str) -> Any:
        given = module.parse_github_source(source.place)
        self._repository = f"{given['owner']}/{given['repo']}"
        return module.GitHubConnector(**given, branch=source.options.get("branch"), token=secret or None)

    def _listed(self) -> list[Entry]:
        self._link = f"https://github.com/{self._repository}/blob/{quote(self._branch())}"
        self._trees: dict[str, Any] = {}
        scope = f"{self._connector.path}/" if self._connector.path else ""
        found: list[Entry] = []
        trees = [("", self._branch())]
        looked, limits = 0, self._guard.limits
        # A few folders that are in each other, or in many places, make any number of paths.
        while trees and len(found) <= limits.entries:
            above, tree = trees.pop()
            looked += 1
            if looked > limits.requests:
                raise SourceFailed(
                    f"The repository has more than {limits.requests:,} folders. Divide the source."
                )
            items, below = self._files_below(tree)
            for item in items:
                path = f"{above}{item['path']}"
                if path.startswith(scope):
                    found.append(self._file(item, path, path[len(scope) :]))
            for item in below:
                path = f"{above}{item['path']}/"
                if path.startswith(scope) or scope.startswith(path):
                    trees.append((path, item["sha"]))
        return sorted(found, key=lambda one: one.path)

    def _branch(self) -> str:
        return str(self._connector.branch or self._connector._get_default_branch())

    def _files_below(self, tree: str) -> tuple[list[Any], list[Any]]:
        """The files in and below a folder, or where GitHub cuts these off, those in it and its folders."""
        answer, below = self._tree(tree, recursive=True), []
        if answer.get("truncated"):
            answer = self._tree(answer["sha"], recursive=False)
            below = [one for one in answer["tree"] if one["type"] == "tree"]
            if answer.get("truncated"):
                self._missing = "a folder has more files than GitHub lists; divide it"
        return [one for one in answer["tree"] if one["type"] == "blob"], below

    def _tree(self, tree: str, *, recursive: bool) -> Any:
        """A listing; that of equal folders is asked for once, for a listing never asks again."""
        address = f"/repos/{self._repository}/git/trees/{tree}{'?recursive=1' if recursive else ''}"
        if address not in self._trees:
            self._trees[address] = self._connector._http.get(address).raise_for_status().json()
        return self._trees[address]

    def _file(self, item: Mapping[str, Any], inside: str, path: str) -> Entry:
        link = f"{self._link}/{quote(inside)}"
        return Entry(path, item["sha"], item.get("size", 0), link=link, key=item["sha"])

    def _read(self, entry: Entry) -> bytes:
        raw = {"Accept": "application/vnd.github.raw+json"}
        blob = f"/repos/{self._repository}/git/blobs/{entry.key}"
        return bytes(self._connector._http.get(blob, headers=raw).raise_for_status().content)


class Confluence(Connector):
    """Pages of a space, as text."""

    module = "confluence"
    has_rights_files = False
    needs: ClassVar = {"place": "the key of a space", "url": "the address of Confluence"}
    takes_address = True

    def _make(self, module: ModuleType, source: Source, secret: str) -> Any:
        return module.ConfluenceConnector(
            space_key=source.place,
            base_url=source.url,
            user=source.user,
            token=secret,
            structure="hierarchical",
            api_version=source.options.get("api", "v2"),
        )

    def _entry(self, one: Any) -> Entry:
        page = self._connector._page_cache[one.display_path]
        link = f"{self._connector._http.base_url}/pages/viewpage.action?pageId={page}".replace(
            "//pages", "/pages"
        )
        return Entry(one.display_path, one.checksum, identity=page, link=link, key=one.display_path)


class Jira(Connector):
    """Issues of a project."""

    module = "jira"
    has_rights_files = False
    needs: ClassVar = {"place": "the key of a project", "url": "the address of Jira"}
    takes_address = True

    def _make(self, module: ModuleType, source: Source, secret: str) -> Any:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", source.place):
            raise InvalidSource(f"{source.place[:80]!r} is no key of a project in Jira, such as HELP.")
        return module.JiraConnector(source.place, base_url=source.url, user=source.user, token=secret)

    def _entry(self, one: Any) -> Entry:
        issue = one.filename.removesuffix(".md")
        link = f"{self._source.url.rstrip('/')}/browse/{issue}"
        return Entry(one.display_path, one.checksum, one.size, identity=issue, link=link, key=one.filename)


class Notion(Connector):
    """Pages of a database, or below a page."""

    module = "notion"
    has_rights_files = False
    needs: ClassVar = {"place": "the id of a database or page"}

    def _make(self, module: ModuleType, source: Source, secret: str) -> Any:
        made = module.NotionConnector(source.place, token=secret)
        self._pages: dict[str, str] = {}
        made._add_page = self._add_page
        self._module = module
        return made

    def _listed(self) -> list[Entry]:
        self._pages = {}
        found: list[Entry] = []
        try:
            self._connector._list_database(found)
        except httpx.HTTPStatusError as error:
            # Another status, or one after the first page, says nothing about what the place is.
            if found or error.response.status_code not in (400, 404):
                raise
            self._guard.failures.clear()
            self._connector._list_children(self._connector.root_id, "", found)
        return found

    def _add_page(self, page: Mapping[str, Any], prefix: str, entries: list[Entry]) -> None:
        """Add a page. Two pages of one title, which the connector mixes up, get their ids in their names."""
        listed: list[Any] = []
        cache = self._connector._page_cache
        self._module.NotionConnector._add_page(self._connector, page, prefix, listed)
        (one,) = listed
        identity, path = page["id"].replace("-", ""), one.display_path
        if path in self._pages:
            cache[path] = self._pages[path]
            path = f"{path.removesuffix('.txt')}_{identity}.txt"
        cache[path] = self._pages[path] = page["id"]
        link = page.get("url") or f"https://www.notion.so/{identity}"
        entries.append(Entry(path, one.checksum, identity=identity, link=link, key=path))


class Zendesk(Connector):
    """Articles of a help centre, without drafts."""

    module = "zendesk"
    has_rights_files = False
    needs: ClassVar = {"place": "the subdomain of the help centre"}

    def _make(self, module: ModuleType, source: Source, secret: str) -> Any:
        if not re.fullmatch(r"[A-Za-z0-9-]+", source.place):
            raise InvalidSource(f"{source.place[:80]!r} is no subdomain of Zendesk.")
        self._articles: dict[str, Mapping[str, Any]] = {}
        return module.ZendeskConnector(source.place, user=source.user, token=secret)

    def _observe(self, path: str, answer: Any) -> None:
        self._articles |= {str(one["id"]): one for one in answer.get("articles", ())}

    def _listed(self) -> list[Entry]:
        self._articles.clear()
        found = super()._listed()
        return [one for one in found if not self._articles[one.identity].get("draft")]

    def _entry(self, one: Any) -> Entry:
        identity = one.filename.partition("_")[0]
        article = self._articles[identity]
        return Entry(
            one.display_path,
            one.checksum,
            one.size,
            identity=identity,
            link=article.get("html_url", ""),
            key=one.filename,
            is_restricted=bool(article.get("user_segment_id") or article.get("user_segment_ids")),
        )


class Nextcloud(Connector):
    """Files of a folder, by WebDAV."""

    module = "nextcloud"
    needs: ClassVar = {"url": "the address of Nextcloud", "user": "the user whose files they are"}
    takes_address = True

    def _make(self, module: ModuleType, source: Source, secret: str) -> Any:
        return module.NextcloudConnector(
            source.place or "/", base_url=source.url, user=source.user, password=secret
        )

    def _entry(self, one: Any) -> Entry:
        folder = quote(posixpath.join(self._connector.root, one.path), safe="/")
        link = f"{self._source.url.rstrip('/')}/index.php/apps/files/?dir={folder}"
        return Entry(one.display_path, one.checksum, one.size, link=link, key=one.display_path)


class SharePoint(Connector):
    """Files of a document library, with the groups that may read them."""

    module = "sharepoint"
    needs: ClassVar = {
        "place": "host/library, or host/sites/SITE/library",
        "options": "tenant and client: the ids of the tenant and of the application",
    }
    knows_readers = True

    def _make(self, module: ModuleType, source: Source, secret: str) -> Any:
        options = source.options
        if not (options.get("tenant") and options.get("client")):
            raise InvalidSource("SharePoint needs the options tenant and client.")
        made = module.SharePointConnector(
            **module.parse_sharepoint_source(source.place),
            root_path=options.get("folder"),
            tenant_id=options["tenant"],
            client_id=options["client"],
            client_secret=secret,
            cloud=options.get("cloud", "commercial"),
        )
        self._drive = f"/drives/{made._drive_id}"
        return made

    def _listed(self) -> list[Entry]:
        found: list[Entry] = []
        root = quote(self._connector.root_path)
        folders = [("", f"{self._drive}/root:/{root}:/children" if root else f"{self._drive}/root/children")]
        while folders:
            prefix, page = folders.pop()
            for item in self._items(page):
                path = f"{prefix}{item['name']}"
                if "folder" in item:
                    folders.append((f"{path}/", f"{self._drive}/items/{item['id']}/children"))
                elif "file" in item:
                    found.append(self._item(item, path))
        return sorted(found, key=lambda one: one.path)

    def _items(self, page: str) -> list[Any]:
        """All items of a folder. The connector reads the first page alone."""
        items: list[Any] = []
        base = self._connector._http.base_url
        while page:
            answer = self._connector._http.get(page).raise_for_status().json()
            items += answer["value"]
            page = answer.get("@odata.nextLink", "")
            if page and httpx.URL(page).host != base.host:
                raise SourceFailed(f"{base.host} continues its listing at another host, which is not asked.")
        return items

    @staticmethod
    def _item(item: Mapping[str, Any], path: str) -> Entry:
        hashes = item["file"].get("hashes") or {}
        checksum = hashes.get("sha256Hash") or hashes.get("quickXorHash") or item.get("cTag") or ""
        return Entry(
            path,
            checksum,
            item.get("size", 0),
            identity=item["id"],
            link=item.get("webUrl", ""),
            key=item["id"],
        )

    def _read(self, entry: Entry) -> bytes:
        content = f"{self._drive}/items/{entry.key}/content"
        return bytes(self._connector._http.get(content).raise_for_status().content)

    def readers(self, entry: Entry) -> tuple[str, ...] | None:
        """The ids of the groups in Entra that have a right to the item; None where no group has one.

        Rights of single people and of groups of the site alone are left out: fewer may read then.
        """
        with _translated(self._guard, reads=True):
            permissions = self._items(f"{self._drive}/items/{entry.key}/permissions")
        groups: set[str] = set()
        for one in permissions:
            granted = one.get("grantedToV2") or {}
            group = (granted.get("group") or {}).get("id")
            if group and set(one.get("roles", ())) & {*_PERMISSIONS}:
                groups.add(group)
        return tuple(sorted(groups)) or None


CONNECTORS: Mapping[str, type[Connector]] = {
    "confluence": Confluence,
    "github": GitHub,
    "jira": Jira,
    "nextcloud": Nextcloud,
    "notion": Notion,
    "sharepoint": SharePoint,
    "zendesk": Zendesk,
}
"""The applications that a source can name."""


def require_connector(source: Source) -> type[Connector]:
    """The connector of a source. Raises :class:`index.errors.InvalidSource` for what it lacks."""
    kind = CONNECTORS.get(source.kind)
    if kind is None:
        raise InvalidSource(
            f"There are no sources of the kind {source.kind[:80]!r}, but: {', '.join(CONNECTORS)}."
        )
    for name, what in kind.needs.items():
        if not getattr(source, name):
            raise InvalidSource(f"A source of {source.kind} needs {name}: {what}.")
    if source.url and not kind.takes_address:
        raise InvalidSource(f"A source of {source.kind} has no url of its own. Leave it out.")
    if source.takes_readers and not kind.knows_readers:
        raise InvalidSource(f"A source of {source.kind} does not tell who may read. Give groups instead.")
    return kind


@dataclass(frozen=True, slots=True)
class _translated:  # noqa: N801 -- a context manager
    """Translates what a connector raises into errors of sources, without the text of others."""

    guard: Guard
    reads: bool = False

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if (
            error is None
            or isinstance(error, (LoccitError, EntryRefused, Stopped))
            or not isinstance(error, Exception)
        ):
            return
        raise self._translate(error) from None

    def _translate(self, error: Exception) -> Exception:
        if isinstance(error, httpx.HTTPError):
            translated = source_error(error, reads=self.reads)
            is_here = isinstance(error, httpx.HTTPStatusError) and not isinstance(translated, SourceRefused)
            return EntryRefused(translated.message) if self.reads and is_here else translated
        if self.reads:
            return EntryRefused("the connector could not read it")
        return SourceFailed(
            f"The application's answer is not understood ({type(error).__name__}). "
            "Check the place and the address of the source."
        )
