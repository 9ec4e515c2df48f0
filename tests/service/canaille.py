"""Canaille, a second provider of OpenID Connect, of another make and with other choices than oidc-provider.

Its issuer ends with a slash, its tokens are signed with Ed25519 and have no scopes, people give passwords, no
claim says that somebody has no groups, and it has no back-channel logout.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from index.embedding import WordEmbedder
from index.library import Library
from tests.patience import PATIENCE, eventually
from tests.ports import free_ports
from tests.service.http_service import app_of, live
from tests.service.signing_in import KEY, Browser, put_documents

PROGRAM = Path(__file__).parents[2] / "build" / "canaille" / "bin" / "canaille"
"""Where `make build/canaille.stamp` puts it."""
_COMMANDS = """
import json, sys
from canaille.commands import cli
for arguments in json.load(sys.stdin):
    cli.main(arguments, standalone_mode=False)
"""
"""Runs several of its commands in one process, which takes seconds to load it."""
SECRET = "another-secret/that+nobody:logs"  # noqa: S105
PASSWORD = "a whole sentence of ada"  # noqa: S105
RULES = """
[[providers.rules]]
claim = "groups"
values = ["staff", "board"]
groups_of_values = true
"""
_GRANTS = ("authorization_code", "refresh_token", "password")
_CONFIGURATION = """
SECRET_KEY = "a key of the tests"
[CANAILLE]
DATABASE = "sql"
LANGUAGE = "en"
[CANAILLE_SQL]
DATABASE_URI = "sqlite:///{database}"
[CANAILLE_OIDC]
{keys}
"""


@dataclass
class Canaille:
    """The provider, and the service that sends people to it."""

    url: str
    service: str
    environment: Mapping[str, str]

    def run(self, *command: str) -> str:
        """Run a command of the provider's administrator."""
        return self.run_all(command)

    def run_all(self, *commands: Sequence[str]) -> str:
        """Run commands one after another; returns what they print."""
        done = subprocess.run(
            [PROGRAM.with_name("python"), "-c", _COMMANDS],
            env=self.environment,
            input=json.dumps(commands),
            capture_output=True,
            check=False,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def access_token(self) -> str:
        """An access token of Ada for the client that is the service."""
        time.sleep(1.1)  # it fails twice in a second: the tokens would be the same
        form = {"grant_type": "password", "username": "ada", "password": PASSWORD, "scope": "openid groups"}
        given = httpx.post(f"{self.url}/oauth/token", data=form, auth=("documents", SECRET), timeout=PATIENCE)
        assert given.status_code == 200, given.text
        token: str = given.json()["access_token"]
        return token

    def sign_in(self, browser: Browser, path: str = "/sign-in") -> httpx.Response:
        """The page of the service at the end, after a person has given name and password to the provider.

        The provider fails twice in a second: the tokens would be the same.
        """
        page: httpx.Response = eventually(lambda: self._try_to_sign_in(browser, path))
        return page

    def _try_to_sign_in(self, browser: Browser, path: str) -> httpx.Response | None:
        page = browser.go(f"{self.service}/sign-in/people/start", params={"next": path})
        while str(page.url).startswith(self.url) and page.status_code == 200:
            fields = dict(re.findall(r'name="(csrf_token)" value="([^"]+)"', page.text))
            given = "login" if 'name="login"' in page.text else "password"
            assert f'name="{given}"' in page.text, page.text
            fields[given] = {"login": "ada", "password": PASSWORD}[given]
            page = browser.go(str(page.url), method="POST", data=fields)
        return None if "internal_server_error" in page.text else page


@contextmanager
def canaille(folder: Path, *, more: str = "") -> Iterator[Canaille]:
    """A service and its provider, where Ada is of the staff and of the board."""
    if not PROGRAM.exists():
        pytest.skip("Canaille is not installed: make build/canaille.stamp installs it")
    at_service, at_provider = free_ports(2)
    made = Canaille(
        f"http://127.0.0.1:{at_provider}",
        f"http://127.0.0.1:{at_service}",
        {**os.environ, "CANAILLE_CONFIG": str(folder / "canaille.toml")},
    )
    _install(made, folder)
    (folder / "sign-in.toml").write_text(
        f'[[providers]]\nname = "people"\nissuer = "{made.url}/"\nclient_id = "documents"\n'
        f'client_secret = "{SECRET}"\nscopes = ["openid", "profile", "email", "groups"]\n{more}\n{RULES}'
    )
    with (
        _running(made, at_provider, folder / "provider.log"),
        Library(folder / "data", embedder=WordEmbedder()) as library,
    ):
        app = app_of(library, api_key=KEY, sign_in=folder / "sign-in.toml", public_url=made.service)
        with live(app, port=at_service) as client:
            put_documents(client)
            yield made


def _install(made: Canaille, folder: Path) -> None:
    """Make its keys, its database, a person with two groups, and the client that is the service."""
    configuration, database = folder / "canaille.toml", folder / "canaille.sqlite"
    configuration.write_text(_CONFIGURATION.format(database=database, keys=""))
    created = made.run_all(*(("jwk", "create", kind) for kind in ("okp", "rsa")))
    keys = [_inline(json.loads(line)) for line in created.splitlines()]
    configuration.write_text(
        _CONFIGURATION.format(database=database, keys=f"ACTIVE_JWKS = [{', '.join(keys)}]")
    )
    ada = {"user-name": "ada", "password": PASSWORD, "family-name": "Lovelace"}
    ada |= {"formatted-name": "Ada Lovelace", "emails": "a@b.example"}
    grace = {"user-name": "grace", "password": PASSWORD, "family-name": "Hopper"}
    groups = [{"display-name": group, "members": "ada"} for group in ("staff", "board")]
    scopes = [part for scope in ("openid", "profile", "email", "groups") for part in ("--scope", scope)]
    grants = [part for grant in _GRANTS for part in ("--grant-types", grant)]
    client = {
        "client-id": "documents",
        "client-secret": SECRET,
        "client-name": "Documents",
        "client-uri": "http://127.0.0.1",
        "redirect-uris": f"{made.service}/sign-in/people/callback",
        "post-logout-redirect-uris": f"{made.service}/sign-in",
        "response-types": "code",
        "token-endpoint-auth-method": "client_secret_basic",
        "id-token-signed-response-alg": "EdDSA",
    }
    made.run_all(
        ["install"],
        *(["create", "user", *_options(person)] for person in (ada, grace)),
        *(["create", "group", *_options(group)] for group in groups),
        ["create", "client", *_options(client), *scopes, *grants],
        ["set", "client", "documents", "--audience", "documents"],
    )


@contextmanager
def _running(made: Canaille, port: int, log: Path) -> Iterator[None]:
    with log.open("wb") as told:
        process = subprocess.Popen(
            [PROGRAM, "run", "--bind", f"127.0.0.1:{port}"], env=made.environment, stdout=told, stderr=told
        )
    try:
        eventually(lambda: b"Running on" in log.read_bytes())
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _options(values: Mapping[str, str]) -> list[str]:
    return [part for name, value in values.items() for part in (f"--{name}", value)]


def _inline(key: Mapping[str, str]) -> str:
    """A table of TOML in one line."""
    return "{" + ", ".join(f"{name} = {json.dumps(value)}" for name, value in key.items()) + "}"
