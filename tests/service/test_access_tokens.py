"""Access tokens of a provider of OpenID Connect: who gets in with one, and with which rights."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from mcp.shared.auth import ProtectedResourceMetadata
from starlette.testclient import TestClient

from index.embedding import WordEmbedder
from index.library import Library
from service.errors import InvalidSettings
from service.settings.sign_in import load_providers
from tests.service.http_service import GivenSettings, assert_error, served
from tests.service.issuing import (
    ISSUER,
    RULES,
    URL,
    bearer,
    claims,
    private_key,
    public_keys,
    token,
    write_settings,
)

KEY = "correct-horse"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("sso")
    settings = write_settings(folder, more='client_id = "loccit"')
    with (
        Library(folder / "data", embedder=WordEmbedder()) as library,
        served(library, api_key=KEY, **settings) as client,
    ):
        for name, groups in (("all", []), ("staff", ["staff"]), ("board", ["board"]), ("press", ["press"])):
            sent = client.put(
                f"/v1/documents/{name}.txt",
                json={"text": f"The lamp of {name}.", "groups": groups},
                headers={"authorization": f"Bearer {KEY}"},
            )
            assert sent.status_code == 201, sent.text
        yield client


def readable(client: TestClient, **changes: Any) -> set[str]:
    listed = client.get("/v1/documents", headers=bearer(**changes))
    assert listed.status_code == 200, listed.text
    return {one["document_id"].removesuffix(".txt") for one in listed.json()["documents"]}


def test_claims_give_the_groups_of_the_rules_and_no_others(client: TestClient) -> None:
    assert readable(client) == {"all", "staff"}
    assert readable(client, groups=["staff", "board", "press", "*"]) == {"all", "staff", "board"}
    assert readable(client, groups="board") == {"all", "board"}
    assert readable(client, groups=None, realm_access={"roles": ["writer"]}) == {"all", "press"}
    assert readable(client, groups=["operators"]) == {"all", "staff", "board", "press"}
    narrowed = client.get(
        "/v1/documents", headers={**bearer(groups=["operators"]), "x-on-behalf-of": "press"}
    )
    assert [one["document_id"] for one in narrowed.json()["documents"]] == ["all.txt", "press.txt"]


@pytest.mark.parametrize("groups", [None, [], ["press"], ["*"], [7, None, {}], {"staff": 1}, "staff board"])
def test_without_a_rule_a_valid_token_opens_nothing(client: TestClient, groups: Any) -> None:
    for path in ("/v1/documents", "/v1/nothing", "/mcp"):
        assert_error(client.get(path, headers=bearer(groups=groups)), 403, "forbidden")


def test_only_a_verified_address_counts(client: TestClient) -> None:
    def ask(**changes: Any) -> int:
        response = client.post("/v1/ask", json={"question": "lamp"}, headers=bearer(groups=None, **changes))
        return response.status_code

    assert ask(email="ada@example.org", email_verified=True) == 200
    assert ask(email="ada@EXAMPLE.org", email_verified=True) == 200
    for address, verified in (
        ("ada@example.org", False),
        ("ada@example.org", "true"),
        ("ada@example.org", None),
        ("ada@other.org", True),
        ("ada@example.org@other.org", True),
        ("example.org", True),
        (["ada@example.org"], True),
    ):
        assert ask(email=address, email_verified=verified) == 403, address


def test_the_scopes_of_a_token_narrow_what_the_rules_give(client: TestClient) -> None:
    def write(**changes: Any) -> Any:
        return client.put("/v1/documents/x.txt", json={"text": "x"}, headers=bearer(**changes))

    writer = {"groups": None, "realm_access": {"roles": ["writer"]}}
    assert write(**writer, scope="loccit:write").status_code in {200, 201}
    assert write(**writer, scope=None, scp=["loccit:write"]).status_code == 200
    assert_error(write(**writer, scope="loccit:read"), 403, "forbidden")
    assert_error(write(scope="loccit:admin"), 403, "forbidden")  # the rules give staff the scope read
    for scope in (None, "", "openid write admin", "loccit:", "loccit:everything", 7):
        refused = client.get("/v1/documents", headers=bearer(scope=scope))
        assert_error(refused, 403, "forbidden")
        assert 'error="insufficient_scope"' in refused.headers["www-authenticate"]


def _hs256_with_public_key() -> str:
    """The confusion of algorithms: signed with the public key as if it were a secret."""
    public = json.dumps(public_keys("RSA")["keys"][0]).encode()
    parts = [
        base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=")
        for one in ({"alg": "HS256", "kid": "RSA"}, claims())
    ]
    signature = hmac.digest(public, b".".join(parts), hashlib.sha256)
    return b".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=")]).decode()


def wrong_tokens() -> dict[str, str]:
    now = int(time.time())
    return {
        "expired": token(exp=now - 120),
        "without an end": token(exp=None),
        "of the future": token(nbf=now + 600),
        "issued in the future": token(iat=now + 600),
        "for others": token(aud="https://other.example.org"),
        "for nobody": token(aud=None),
        "for people": token(aud="loccit"),
        "of another issuer": token(iss="https://evil.example.org"),
        "of almost this issuer": token(iss=f"{ISSUER}/"),
        "of no issuer": token(iss=None),
        "about nobody": token(sub=None),
        "about a number": token(sub=42),
        "signed by another": token("EC 2", headers={"kid": "EC"}),
        "signed with an unknown key": token("EC 2"),
        "signed without a key": token("EC 2", headers={"kid": None}),
        "of the wrong algorithm": token("EC", headers={"kid": "RSA"}),
        "unsigned": jwt.encode(claims(), "", algorithm="none", headers={"kid": "EC"}),
        "a secret": jwt.encode(claims(), "s" * 64, algorithm="HS256", headers={"kid": "EC"}),
        "confused": _hs256_with_public_key(),
        "with its own key": token("EC 2", headers={"jwk": public_keys("EC 2")["keys"][0]}),
        "an ID token": token(typ="ID"),
        "a logout token": token(headers={"typ": "logout+jwt"}),
        "too long": token(extra="x" * 20_000),
    }


@pytest.mark.parametrize("kind", wrong_tokens())
def test_wrong_tokens_open_nothing(client: TestClient, kind: str) -> None:
    refused = client.get("/v1/documents", headers={"authorization": f"Bearer {wrong_tokens()[kind]}"})
    message = assert_error(refused, 401, "unauthorized")
    assert refused.headers["www-authenticate"] == 'Bearer realm="loccit", error="invalid_token"'
    assert wrong_tokens()[kind] not in message


def test_right_tokens_of_all_forms_open(client: TestClient) -> None:
    now = int(time.time())
    for sent in (
        token(exp=now - 30),  # the clocks differ
        token(nbf=now + 30, iat=now + 30),
        token(aud=["account", URL]),
        token(aud=f"{URL}/mcp"),
        token("RSA"),
        token("RSA", algorithm="PS256"),
        token("RSA", algorithm="RS512"),
        token(headers={"typ": "at+jwt"}),
        token(typ="Bearer"),
    ):
        response = client.get("/v1/documents", headers={"authorization": f"bearer {sent}"})
        assert response.status_code == 200, response.text


def _fuzzed(draw: random.Random) -> bytes:
    """A token that is not whole: bytes of a good one changed, left out, added, or its parts exchanged."""
    good = token(draw.choice(["EC", "RSA"]), groups=["operators"]).encode()
    kind = draw.randrange(6)
    if kind == 0:
        at = draw.randrange(len(good) - 4)
        other = draw.choice([one for one in b"ABab01-_.=~ {" if one != good[at]])
        return good[:at] + bytes([other]) + good[at + 1 :]
    if kind == 1:
        at = draw.randrange(2, len(good) - 4)
        return good[:at] + good[at + draw.randrange(1, 4) :]
    if kind == 2:
        at = draw.randrange(2, len(good))
        return good[:at] + bytes(draw.choices(range(33, 256), k=draw.randrange(1, 9))) + good[at:]
    head, body, signature = good.split(b".")
    if kind == 3:
        return b".".join(draw.choice([(body, head, signature), (head, signature, body), (head, body, b"")]))
    written = jwt.decode(good, options={"verify_signature": False})
    if kind == 4:
        values: tuple[Any, ...] = (
            None,
            "",
            [],
            {},
            -1,
            1e400,
            "a" * 99,
            ["staff"],
            {"$": 1},
            True,
            "9" * 400,
        )
        written[draw.choice([*written, "azp", "nbf"])] = draw.choice(values)
        changed = base64.urlsafe_b64encode(json.dumps({**written, "x": draw.random()}).encode()).rstrip(b"=")
        return b".".join((head, changed, signature))
    wrong_heads = ({"alg": one} for one in ("none", "HS256", "ES256K", "", None, 7, ["ES256"], {"a": 1}))
    kids: tuple[Any, ...] = (None, 7, "", "../EC", {"a": []}, "EC", "RSA")
    made = {**draw.choice(list(wrong_heads)), "kid": draw.choice(kids), "typ": draw.choice(["JWT", 7, None])}
    return b".".join((base64.urlsafe_b64encode(json.dumps(made).encode()).rstrip(b"="), body, signature))


def test_none_of_a_thousand_fuzzed_tokens_opens_anything_or_fails_the_service(client: TestClient) -> None:
    draw = random.Random(4)
    through = []
    for number in range(1000):
        sent = _fuzzed(draw)
        # Credentials without the form of a token are wrong keys, which are slowed down by address.
        stranger = TestClient(client.app, client=(f"198.51.{number // 250}.{number % 250}", 1))
        headers = [(b"authorization", b"Bearer " + sent)]
        response = stranger.get("/v1/collections", headers=headers)
        if response.status_code != 401:
            through.append((response.status_code, sent))
    assert through == []


def test_a_key_still_opens_beside_tokens(client: TestClient) -> None:
    assert client.get("/v1/keys", headers={"x-api-key": KEY}).status_code == 404
    assert client.get("/v1/documents", headers={"x-api-key": KEY}).status_code == 200
    assert client.get("/v1/documents", headers={"x-api-key": token()}).status_code == 401
    assert client.get("/v1/documents").status_code == 401


def test_an_mcp_client_is_told_who_issues_tokens(client: TestClient) -> None:
    refused = client.post("/mcp", json={})
    where = f"{URL}/.well-known/oauth-protected-resource/mcp"
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == f'Bearer realm="loccit", resource_metadata="{where}"'
    for path in ("/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"):
        told = ProtectedResourceMetadata.model_validate(client.get(path).json())
        assert str(told.resource) == f"{URL}/mcp"
        assert [str(one) for one in told.authorization_servers] == [ISSUER]
        assert told.scopes_supported == ["loccit:ask", "loccit:read", "loccit:write", "loccit:admin"]
        assert told.bearer_methods_supported == ["header"]
    expired = client.post("/mcp", json={}, headers=bearer(exp=1))
    assert 'error="invalid_token", resource_metadata="' in expired.headers["www-authenticate"]
    narrow = client.post("/mcp", json={}, headers=bearer(scope="openid"))
    assert narrow.status_code == 403
    assert 'scope="loccit:ask", resource_metadata="' in narrow.headers["www-authenticate"]


def test_a_token_with_too_narrow_a_scope_is_told_which_it_needs(client: TestClient) -> None:
    sent = {"text": "A lamp."}
    refused = client.put("/v1/documents/new.txt", json=sent, headers=bearer(scope="loccit:read"))
    assert_error(refused, 403, "forbidden")
    challenge = 'Bearer error="insufficient_scope", scope="loccit:write"'
    assert refused.headers["www-authenticate"] == challenge
    message = refused.json()["error"]["message"]
    assert "a token with the scope loccit:write; this token has loccit:read" in message
    assert "key" not in message


def test_a_refused_token_is_not_answered_with_advice_about_keys(client: TestClient) -> None:
    for changes, told in (
        ({"aud": "https://other.example.org"}, f"audience {URL} or {URL}/mcp"),
        ({"exp": 1}, ""),
    ):
        refused = client.get("/v1/documents", headers=bearer(**changes))
        assert_error(refused, 401, "unauthorized")
        message = refused.json()["error"]["message"]
        assert told in message
        assert "key" not in message
    for headers in ({}, {"x-api-key": "wrong"}):
        assert "API key: send it" in client.get("/v1/documents", headers=headers).json()["error"]["message"]


def test_mcp_answers_the_holder_of_a_token(client: TestClient) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    headers = {**bearer(), "accept": "application/json", "mcp-protocol-version": "2025-06-18"}
    listed = client.post("/mcp", json=message, headers=headers).json()["result"]["tools"]
    assert "search" in {one["name"] for one in listed}


def test_only_named_clients_where_there_are_some(tmp_path: Path, library: Library) -> None:
    with served(library, **write_settings(tmp_path, more='clients = ["portal"]')) as client:
        assert client.get("/v1/collections", headers=bearer(azp="portal")).status_code == 200
        assert client.get("/v1/collections", headers=bearer(client_id="portal")).status_code == 200
        for changes in ({}, {"azp": "other"}, {"azp": "other", "client_id": "portal"}, {"azp": ["portal"]}):
            assert_error(client.get("/v1/collections", headers=bearer(**changes)), 401, "unauthorized")


def test_a_provider_may_be_for_some_collections(tmp_path: Path, library: Library) -> None:
    with served(library, api_key=KEY, **write_settings(tmp_path, more='collections = ["manuals"]')) as client:
        for name in ("manuals", "secrets"):
            client.put(f"/v1/collections/{name}", headers={"x-api-key": KEY})
        listed = client.get("/v1/collections", headers=bearer(groups=["operators"])).json()["collections"]
        assert [one["name"] for one in listed] == ["manuals"]


def test_the_audit_log_names_the_person_and_the_issuer(tmp_path: Path, library: Library) -> None:
    with served(library, **write_settings(tmp_path)) as client:
        sent = token()
        client.get("/v1/documents", headers={"authorization": f"Bearer {sent}"})
        client.get("/v1/documents", headers={"authorization": "Bearer eyx.y.z"})
    written = (library.data / "audit.jsonl").read_text()
    first, refused = [json.loads(line) for line in written.splitlines()][-2:]
    assert (first["name"], first["subject"], first["issuer"]) == ("Ada", "42", ISSUER)
    assert first["key"].startswith("sso/")
    assert (refused["status"], refused["name"]) == (401, "")
    assert sent.rpartition(".")[2] not in written


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "providers"),
        ("[[providers]", "not TOML"),
        (f'[[providers]]\nname = "a"\nissuer = "http://sso.example.org"\n{RULES}', "https"),
        (f'[[providers]]\nname = "a"\nissuer = "https://u:p@sso.example.org"\n{RULES}', "https"),
        (f'[[providers]]\nname = "A/b"\nissuer = "{ISSUER}"\n{RULES}', "name"),
        (f'[[providers]]\nname = "a"\nissuer = "{ISSUER}"\nrules = []', "rules"),
        (f'[[providers]]\nname = "a"\nissuer = "{ISSUER}"\nsecret = "s3cret"\n{RULES}', "secret"),
        (f'[[providers]]\nname = "a"\nissuer = "{ISSUER}"\n[[providers.rules]]\nclaim = "g"', "values"),
        (f'[[providers]]\nname = "a"\nissuer = "{ISSUER}"\n[[providers.rules]]\nscope = "admin"', "either"),
        (f'[[providers]]\nname = "a"\nissuer = "{ISSUER}"\nclient_id = "{URL}"\n{RULES}', "audience"),
        (f'[[providers]]\nname = "a"\nissuer = "{ISSUER}"\n{RULES}' * 2, "two providers"),
    ],
)
def test_a_wrong_file_is_refused_at_the_start(tmp_path: Path, written: str, reason: str) -> None:
    path = tmp_path / "sign-in.toml"
    path.write_text(written)
    with pytest.raises(InvalidSettings, match=reason) as error:
        load_providers(GivenSettings(data=tmp_path, sign_in=path, public_url=URL))
    assert "s3cret" not in error.value.message


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ('clientid = "a"', "provider sso has no field clientid."),
        ("session_minutes = []", "provider sso: session_minutes: "),
        (
            '[[providers.rules]]\nclaim = "g"\nvalues = "staff"',
            "provider sso, rule 1: values must be a list.",
        ),
        (
            '[[providers.rules]]\nemail_domain = "@example.org"',
            "rule 1: email_domain: email_domain is the part",
        ),
        ('[[providers.rules]]\nclaim = "g"', "provider sso, rule 1: a rule with a claim has values"),
        ("rules = 7", "provider sso: rules must be a list."),
    ],
)
def test_a_mistake_in_the_file_is_told_in_words(tmp_path: Path, written: str, told: str) -> None:
    path = tmp_path / "sign-in.toml"
    path.write_text(f'[[providers]]\nname = "sso"\nissuer = "{ISSUER}"\n{written}')
    with pytest.raises(InvalidSettings) as error:
        load_providers(GivenSettings(data=tmp_path, sign_in=path, public_url=URL))
    assert told in error.value.message


def test_the_file_must_be_there_and_the_public_address_known(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match="cannot be read"):
        load_providers(GivenSettings(data=tmp_path, sign_in=tmp_path / "none.toml", public_url=URL))
    settings = write_settings(tmp_path)
    with pytest.raises(InvalidSettings, match="LOCCIT_PUBLIC_URL"):
        load_providers(GivenSettings(data=tmp_path, sign_in=settings["sign_in"]))
    (tmp_path / "keys.json").write_text("[]")
    with pytest.raises(InvalidSettings, match="Key Set"):
        load_providers(GivenSettings(data=tmp_path, **settings))


def test_keys_of_a_file_are_public_keys(tmp_path: Path) -> None:
    assert private_key("EC") is private_key("EC")
    assert all("d" not in one for one in public_keys("EC", "RSA")["keys"])
