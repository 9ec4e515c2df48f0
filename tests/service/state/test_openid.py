"""What is believed of a provider: its description, its keys, and its ID tokens and logout tokens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from service.errors import Forbidden, ProviderUnavailable, SignInFailed, Unauthorized
from service.settings.sign_in import Provider, Rule
from service.state.openid import (
    Attempt,
    Issuer,
    authorization_address,
    exchange_code,
    logout_claims,
    principal_of,
)
from service.state.openid.fetching import Fetcher
from service.state.openid.tokens import id_claims
from tests.service.issuing import ISSUER, public_keys, token

HOST = "https://sso.example.org"
SSO = Provider(
    name="sso",
    issuer=ISSUER,
    client_id="loccit",
    client_secret=SecretStr("a:secret"),
    audience=("https://docs.example.org",),
    rules=(Rule(claim="groups", values=("*",)),),
)
LOGOUT = {"http://schemas.openid.net/event/backchannel-logout": {}}
SECRET = b"s" * 32


@dataclass(frozen=True)
class Reply:
    content: bytes = b"{}"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Published(httpx.AsyncBaseTransport):
    """What a provider answers, by the last part of the address; and what it was asked."""

    kinds: tuple[str, ...] = ("EC",)
    replies: dict[str, Any] = field(default_factory=dict)
    asked: list[httpx.Request] = field(default_factory=list)
    is_down: bool = False
    gate: asyncio.Event | None = None
    arrived: asyncio.Event | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if self.gate is not None and self.arrived is not None:
            self.arrived.set()
            await self.gate.wait()
        if self.is_down:
            raise httpx.ConnectError("down")
        name = request.url.path.rpartition("/")[2]
        told: dict[str, Any] = {
            "openid-configuration": {
                "issuer": ISSUER,
                "jwks_uri": f"{HOST}/keys",
                "authorization_endpoint": f"{HOST}/auth?realm=a",
                "token_endpoint": f"{HOST}/token",
            },
            "keys": public_keys(*self.kinds),
            **self.replies,
        }
        reply = told[name]
        whole = reply if isinstance(reply, Reply) else Reply(json.dumps(reply).encode())
        return httpx.Response(whole.status, headers=whole.headers, stream=httpx.ByteStream(whole.content))

    def count(self, name: str) -> int:
        return sum(one.url.path.endswith(name) for one in self.asked)


@dataclass
class Place:
    """A provider that publishes, the issuer that reads it, and the time."""

    published: Published = field(default_factory=Published)
    now: float = 0.0
    provider: Provider = SSO

    def __post_init__(self) -> None:
        fetcher = Fetcher(transport=self.published)
        self.issuer = Issuer(self.provider, fetcher, clock=lambda: self.now)


def of(waited: Awaitable[Any]) -> Any:
    async def main() -> Any:
        return await waited

    return asyncio.run(main())


def id_token(kind: str = "EC", **changes: Any) -> str:
    return token(kind, **{"aud": "loccit", "nonce": "n", **changes})


def test_an_id_token_is_for_this_client_and_this_sign_in() -> None:
    place = Place()
    assert of(id_claims(place.issuer, id_token(), "n"))["sub"] == "42"
    assert of(id_claims(place.issuer, id_token(aud=["loccit"]), "n"))["sub"] == "42"
    assert of(id_claims(place.issuer, id_token(aud=["loccit", "x"], azp="loccit"), "n"))["sub"] == "42"
    for changes in (
        {"nonce": "of another"},
        {"nonce": None},
        {"nonce": ["n"]},
        {"aud": "https://docs.example.org"},
        {"aud": ["loccit", "x"]},
        {"aud": ["loccit", "x"], "azp": "x"},
        {"azp": "x"},
        {"iat": None},
        {"exp": 1},
        {"iss": HOST},
    ):
        with pytest.raises(SignInFailed):
            of(id_claims(place.issuer, id_token(**changes), "n"))


def test_a_logout_token_names_a_person_or_a_session() -> None:
    place, whole = Place(), {"aud": "loccit", "jti": "1", "events": LOGOUT, "sid": "s"}
    assert of(logout_claims(place.issuer, token(**whole)))["sid"] == "s"
    for changes in (
        {"nonce": "n"},
        {"events": {}},
        {"events": None},
        {"events": "http://schemas.openid.net/event/backchannel-logout"},
        {"sid": None, "sub": None},
        {"jti": None},
        {"aud": "other"},
    ):
        with pytest.raises(Unauthorized):
            of(logout_claims(place.issuer, token(**{**whole, **changes})))


def test_new_keys_are_read_at_once_but_not_for_every_token() -> None:
    place = Place()
    of(id_claims(place.issuer, id_token(), "n"))
    for _ in range(3):
        with pytest.raises(SignInFailed, match="cannot be used"):
            of(id_claims(place.issuer, id_token("RSA"), "n"))
    assert place.published.count("/keys") == 1  # it was read a moment ago
    place.now += 3
    place.published.kinds = ("RSA",)
    assert of(id_claims(place.issuer, id_token("RSA"), "n"))["sub"] == "42"
    with pytest.raises(SignInFailed):  # the former key is gone
        of(id_claims(place.issuer, id_token(), "n"))
    assert place.published.count("/keys") == 2


def test_a_provider_that_hangs_holds_up_nobody_whose_key_is_known() -> None:
    place = Place()

    async def ask() -> None:
        await id_claims(place.issuer, id_token(), "n")
        place.now += 3
        place.published.gate, place.published.arrived = asyncio.Event(), asyncio.Event()
        waiting = asyncio.create_task(place.issuer.key({"kid": "unknown", "alg": "ES256"}))
        await place.published.arrived.wait()
        await id_claims(place.issuer, id_token(), "n")
        assert not waiting.done()
        place.published.gate.set()
        with pytest.raises(Unauthorized):
            await waiting

    asyncio.run(ask())


def test_a_provider_that_fails_is_asked_again_in_half_a_minute() -> None:
    place = Place()
    of(id_claims(place.issuer, id_token(), "n"))
    place.published.is_down, place.now = True, 700
    for _ in range(3):
        assert of(id_claims(place.issuer, id_token(), "n"))
        place.now += 5
    assert place.published.count("/keys") == 2
    place.now += 30
    assert of(id_claims(place.issuer, id_token(), "n"))
    assert place.published.count("/keys") == 3


def test_a_key_that_is_withdrawn_is_gone_in_ten_minutes() -> None:
    place = Place(Published(kinds=("EC", "RSA")))
    of(id_claims(place.issuer, id_token(), "n"))
    place.published.kinds = ("RSA",)
    assert of(id_claims(place.issuer, id_token(), "n"))
    place.now += 601
    with pytest.raises(SignInFailed):
        of(id_claims(place.issuer, id_token(), "n"))


def test_known_keys_count_for_an_hour_while_the_provider_is_gone() -> None:
    place = Place()
    of(id_claims(place.issuer, id_token(), "n"))
    place.published.is_down = True
    place.now += 3000
    assert of(id_claims(place.issuer, id_token(), "n"))
    place.now += 700
    with pytest.raises(ProviderUnavailable):
        of(id_claims(place.issuer, id_token(), "n"))
    place.published.is_down = False
    place.now += 3
    assert of(id_claims(place.issuer, id_token(), "n"))


def described(**changes: Any) -> dict[str, Any]:
    return {"openid-configuration": {"issuer": ISSUER, "jwks_uri": f"{HOST}/keys", **changes}}


@pytest.mark.parametrize(
    "replies",
    [
        described(issuer=HOST),
        described(jwks_uri="https://evil.example.org/keys"),
        described(jwks_uri="http://sso.example.org/keys"),
        described(jwks_uri="file:///etc/passwd"),
        described(jwks_uri=7),
        {"openid-configuration": [1]},
        {"openid-configuration": Reply(status=500)},
        {"openid-configuration": Reply(status=302, headers={"location": "https://evil.example.org"})},
        {"openid-configuration": Reply(b"{")},
        {"openid-configuration": Reply(b"[" * 100_000)},
        {"openid-configuration": Reply(b" " * 1_000_001 + b"{}")},
        {"keys": {"keys": {}}},
        {"keys": Reply(b'{"keys": []}', 404)},
    ],
)
def test_a_provider_that_describes_itself_wrongly_is_not_believed(replies: dict[str, Any]) -> None:
    place = Place(Published(replies=replies))
    with pytest.raises(ProviderUnavailable):
        of(id_claims(place.issuer, id_token(), "n"))
    assert {one.url.host for one in place.published.asked} <= {"sso.example.org"}


def test_the_log_tells_of_a_slash_that_the_issuer_does_not_have(caplog: pytest.LogCaptureFixture) -> None:
    provider = SSO.model_copy(update={"issuer": f"{ISSUER}/"})
    with pytest.raises(ProviderUnavailable):
        of(Place(provider=provider).issuer.endpoint("jwks_uri"))
    assert (
        f"sso in the file of LOCCIT_SIGN_IN differs by the slash at its end: write '{ISSUER}'." in caplog.text
    )


def test_other_hosts_are_asked_if_the_settings_name_them() -> None:
    named = SSO.model_copy(update={"hosts": ("keys.example.org",)})
    place = Place(Published(replies=described(jwks_uri="https://keys.example.org/keys")), provider=named)
    assert of(id_claims(place.issuer, id_token(), "n"))


def test_keys_that_are_no_public_keys_for_signatures_are_left_out() -> None:
    good = public_keys("EC")["keys"][0]
    for wrong in ({**good, "use": "enc"}, {**good, "d": "x"}, {"kty": "oct", "k": "czNj", "kid": "EC"}, 7):
        place = Place(Published(replies={"keys": {"keys": [wrong]}}))
        with pytest.raises(SignInFailed):
            of(id_claims(place.issuer, id_token(), "n"))
    twice = Place(Published(replies={"keys": {"keys": [good, good]}}))
    with pytest.raises(SignInFailed):
        of(id_claims(twice.issuer, id_token(), "n"))
    alone = Place(Published(replies={"keys": {"keys": [good]}}))
    assert of(id_claims(alone.issuer, token(aud="loccit", nonce="n", headers={"kid": None}), "n"))


ATTEMPT = Attempt.new("sso", "/library")


def test_an_attempt_is_bound_to_its_state_its_provider_and_its_signature() -> None:
    cookie = ATTEMPT.write(SECRET)

    def read(**changes: Any) -> Attempt:
        given = {"cookie": cookie, "secret": SECRET, "provider": "sso", "state": ATTEMPT.state, **changes}
        return Attempt.read(given.pop("cookie"), given.pop("secret"), **given)

    assert read() == ATTEMPT
    for wrong in (
        {"cookie": ""},
        {"cookie": f"{cookie}x"},
        {"cookie": token()},
        {"secret": b"t" * 32},
        {"provider": "other"},
        {"state": ""},
        {"state": f"{ATTEMPT.state}x"},
        {"state": "\ud800"},
    ):
        with pytest.raises(SignInFailed):
            read(**wrong)
    assert read(cookie=replace(ATTEMPT, after="/x").write(SECRET)).after == "/x"


def test_the_way_there_has_the_challenge_and_keeps_the_query_of_the_provider() -> None:
    url = httpx.URL(of(authorization_address(Place().issuer, ATTEMPT, "https://docs.example.org/back")))
    assert (url.host, url.path, url.params["realm"]) == ("sso.example.org", "/auth", "a")
    assert url.params["code_challenge_method"] == "S256"
    assert url.params["scope"] == "openid profile email"
    assert ATTEMPT.verifier not in str(url)


@pytest.mark.parametrize(
    ("listed", "prompt"),
    [
        ({}, "login"),
        ({"prompt_values_supported": ["none", "login"]}, "login"),
        ({"prompt_values_supported": ["login", "select_account"]}, "select_account"),
    ],
)
def test_a_provider_asks_for_another_account(listed: dict[str, Any], prompt: str) -> None:
    place = Place(Published(replies=described(authorization_endpoint=f"{HOST}/auth", **listed)))
    back = "https://docs.example.org/back"
    for is_other, expected in ((True, prompt), (False, None)):
        address = of(authorization_address(place.issuer, ATTEMPT, back, is_other_account=is_other))
        assert httpx.URL(address).params.get("prompt") == expected


def test_a_wrong_secret_of_the_client_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    replies = described(token_endpoint=f"{HOST}/token")
    replies["token"] = Reply(b'{"error": "invalid_client"}', 401)
    with pytest.raises(SignInFailed):
        exchanged(Place(Published(replies=replies)))
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "provider sso: status 401, invalid_client" in record.message
    assert "client_secret" in record.message
    assert "a:secret" not in record.message


def test_the_log_names_the_claims_of_whom_no_rule_admits(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(Forbidden, match=r"Ada \(ada@example.org\)"):
        principal_of(SSO, {"sub": "4\n2", "name": "Ada", "email": "ada@example.org", "roles": ["staff"]})
    (record,) = caplog.records
    assert (record.levelname, record.message.partition(" The claims")[2]) == (
        "WARNING",
        " that came: email, name, roles, sub.",
    )
    assert "provider sso admits '4\\n2'" in record.message
    assert "staff" not in record.message


def exchanged(place: Place, **query: str) -> Any:
    back = "https://docs.example.org/back"
    return of(exchange_code(place.issuer, ATTEMPT, {"code": "c", **query}, back)).claims


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_the_way_back_sends_the_code_and_the_verifier(method: str) -> None:
    replies = described(
        token_endpoint=f"{HOST}/token",
        token_endpoint_auth_methods_supported=[method],
        userinfo_endpoint=f"{HOST}/me",
    )
    replies["token"] = {"id_token": id_token(nonce=ATTEMPT.nonce), "access_token": "t"}
    replies["me"] = {"sub": "42", "name": "Another", "department": "north"}
    place = Place(Published(replies=replies))
    claims = exchanged(place)
    assert (claims["name"], claims["department"]) == ("Ada", "north")  # the signed token comes first
    sent = next(one for one in place.published.asked if one.url.path == "/token")
    form = dict(httpx.QueryParams(sent.content.decode()))
    assert (form["code"], form["code_verifier"]) == ("c", ATTEMPT.verifier)
    assert ("client_secret" in form) == (method == "client_secret_post")
    assert ("authorization" in sent.headers) == (method == "client_secret_basic")


@pytest.mark.parametrize(
    ("token_reply", "person"),
    [
        ({"error": "invalid_grant"}, {}),
        ({"error": "<script>"}, {}),
        ({"id_token": 7}, {}),
        ({"id_token": id_token(nonce="other"), "access_token": "t"}, {"sub": "42"}),
        ({"id_token": id_token(nonce=ATTEMPT.nonce), "access_token": "t"}, {"sub": "43"}),
    ],
)
def test_a_way_back_that_is_wrong_signs_nobody_in(
    token_reply: dict[str, Any], person: dict[str, Any]
) -> None:
    replies = described(token_endpoint=f"{HOST}/token", userinfo_endpoint=f"{HOST}/me")
    place = Place(Published(replies={**replies, "token": token_reply, "me": person}))
    with pytest.raises(SignInFailed) as error:
        exchanged(place)
    assert "<" not in error.value.message
    for query in ({"error": "access_denied"}, {"code": ""}, {"iss": HOST}):
        with pytest.raises(SignInFailed):
            exchanged(place, **query)


def test_a_provider_without_the_endpoints_signs_nobody_in() -> None:
    place = Place(Published(replies=described()))
    with pytest.raises(ProviderUnavailable):
        of(authorization_address(place.issuer, ATTEMPT, "https://docs.example.org/back"))
    with pytest.raises(ProviderUnavailable):
        exchanged(place)


def test_a_compressed_reply_is_refused() -> None:
    reply = Reply(headers={"content-encoding": "gzip"})
    place = Place(Published(replies={"openid-configuration": reply}))
    with pytest.raises(ProviderUnavailable):
        of(place.issuer.endpoint("jwks_uri"))
