"""A service, a provider that signs people in for it (oidc-provider on Node), and browsers."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from index.embedding import WordEmbedder
from index.library import Library
from service.state.identity import COOKIE
from tests.patience import PATIENCE, eventually
from tests.ports import free_ports
from tests.service.http_service import app_of, live

NODE = Path(__file__).resolve().parents[2] / "clients" / "typescript"
SECRET = "a-secret-that-nobody-logs"  # noqa: S105
KEY = "correct-horse"
RULES = """
[[providers.rules]]
claim = "groups"
values = ["staff", "board"]
groups_of_values = true
"""


@dataclass
class Provider:
    """The provider, and the service that sends people to it."""

    url: str
    service: str
    app: FastAPI
    upstream: str
    """Address of the service itself, where ``service`` is that of a proxy."""
    browsers: list[Browser] = field(default_factory=list)

    def browser(self) -> Browser:
        self.browsers.append(Browser())
        return self.browsers[-1]

    def close(self) -> None:
        while self.browsers:
            self.browsers.pop().client.close()

    def control(self, **changes: Any) -> dict[str, Any]:
        state: dict[str, Any] = httpx.post(f"{self.url}/control", json=changes).json()
        return state


@dataclass
class Browser:
    """Follows redirects with cookies, and notes where it was. It goes on from pages by their refresh."""

    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=PATIENCE))
    visited: list[str] = field(default_factory=list)

    def go(self, url: str, *, until: str = "", **request: Any) -> httpx.Response:
        """The page at the end of all redirects; or the redirect to an address with ``until`` in it."""
        response = self.client.request(request.pop("method", "GET"), url, **request)
        for _ in range(20):
            self.visited.append(str(response.url))
            onward = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', response.text)
            if response.has_redirect_location:
                following = str(response.url.join(response.headers["location"]))
            elif onward:
                following = str(response.url.join(html.unescape(onward[1])))
            else:
                return response
            if until and until in following:
                self.visited.append(following)
                return response
            response = self.client.get(following)
        raise AssertionError(self.visited)

    def session(self) -> str:
        return next((one.value or "" for one in self.client.cookies.jar if one.name == COOKIE), "")


@contextmanager
def _node(issuer: str, configuration: dict[str, Any], log: Path) -> Iterator[None]:
    if shutil.which("node") is None or not (NODE / "node_modules" / "oidc-provider").is_dir():
        pytest.skip("oidc-provider is not installed: make typescript installs it")
    with log.open("wb") as told:
        process = subprocess.Popen(
            ["node", "test/provider.mjs", issuer],  # noqa: S607
            cwd=NODE,
            stdin=subprocess.PIPE,
            stdout=told,
            stderr=told,
        )
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps(configuration).encode())
        process.stdin.close()
        eventually(lambda: b"ready" in log.read_bytes())
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _clients(service: str) -> dict[str, Any]:
    return {
        "clients": [
            {
                "client_id": "loccit",
                "client_secret": SECRET,
                "redirect_uris": [f"{service}/sign-in/sso/callback"],
                "post_logout_redirect_uris": [f"{service}/sign-in"],
                "backchannel_logout_uri": f"{service}/sign-in/sso/back-channel",
                "backchannel_logout_session_required": True,
            },
            {
                "client_id": "robot",
                "client_secret": SECRET,
                "grant_types": ["client_credentials"],
                "redirect_uris": [],
                "response_types": [],
            },
        ]
    }


@contextmanager
def signing_in(
    folder: Path, *, more: str = "", host: str = "127.0.0.1", public: str = ""
) -> Iterator[Provider]:
    """A service and its provider, with a document for each of two groups and one for all.

    ``host`` is that of the provider; ``public`` is the address of a proxy before the service.
    """
    at_service, at_provider = free_ports(2)
    url, upstream = f"http://{host}:{at_provider}", f"http://127.0.0.1:{at_service}"
    service = public or upstream
    (folder / "sign-in.toml").write_text(
        f'[[providers]]\nname = "sso"\nlabel = "Example & Co"\nissuer = "{url}"\nclient_id = "loccit"\n'
        f'client_secret = "{SECRET}"\nscopes = ["openid", "profile", "email", "groups"]\n{more}\n{RULES}'
    )
    with Library(folder / "data", embedder=WordEmbedder()) as library:
        app = app_of(library, api_key=KEY, sign_in=folder / "sign-in.toml", public_url=service)
        with (
            _node(url, _clients(service), folder / "provider.log"),
            live(app, port=at_service) as client,
        ):
            put_documents(client)
            provider = Provider(url, service, app, upstream)
            yield provider
            provider.close()


def put_documents(client: httpx.Client) -> None:
    """Put a document for each of two groups and one for all."""
    for name, groups in (("all", []), ("staff", ["staff"]), ("board", ["board"])):
        body = {"text": f"The lamp of {name}.", "groups": groups}
        sent = client.put(f"/v1/documents/{name}.txt", json=body, headers={"x-api-key": KEY})
        assert sent.status_code == 201, sent.text
