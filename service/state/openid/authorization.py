"""The way of a person to a provider and back: the authorization code flow of OpenID Connect with PKCE."""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
import jwt

from service.errors import SignInFailed
from service.settings.sign_in import Provider
from service.state.openid.fetching import unavailable
from service.state.openid.issuer import Issuer
from service.state.openid.tokens import id_claims

log = logging.getLogger("loccit.service")

SECONDS = 600
"""Time for a person to sign in at the provider."""
_ALGORITHM = "HS256"
_ERROR = re.compile(r"[a-z_]{1,40}")


@dataclass(frozen=True, slots=True)
class Attempt:
    """A sign-in that has begun. The browser keeps it in a signed cookie until it comes back.

    ``after`` is the page to show afterwards.
    """

    provider: str
    state: str
    nonce: str
    verifier: str
    after: str

    @staticmethod
    def new(provider: str, after: str) -> Attempt:
        """An attempt with new random values."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return Attempt(provider, state, nonce, verifier, after)

    @staticmethod
    def cookie_name(state: str) -> str:
        """Name of the cookie: each attempt has its own, because a browser has many tabs."""
        digest = hashlib.sha256(state.encode("utf-8", "replace")).hexdigest()
        return f"loccit_sign_in_{digest[:12]}"

    def write(self, secret: bytes) -> str:
        """The value of the cookie."""
        values = (self.provider, self.state, self.nonce, self.verifier, self.after)
        return jwt.encode({"exp": int(time.time()) + SECONDS, "attempt": values}, secret, _ALGORITHM)

    @staticmethod
    def read(cookie: str, secret: bytes, *, provider: str, state: str) -> Attempt:
        """The attempt of a cookie, with which a browser comes back.

        Raises :class:`service.errors.SignInFailed` unless it began here, at this provider, with this state.
        """
        try:
            claims = jwt.decode(cookie, secret, algorithms=[_ALGORITHM], options={"require": ["exp"]})
            attempt = Attempt(*claims["attempt"])
        except (jwt.PyJWTError, KeyError, TypeError, ValueError):
            raise SignInFailed(
                "This sign-in did not begin in this browser, or took too long. Sign in again."
            ) from None
        is_same = hmac.compare_digest(attempt.state.encode(), state.encode("utf-8", "replace"))
        if not is_same or attempt.provider != provider:
            raise SignInFailed("The answer of the provider belongs to another sign-in. Sign in again.")
        return attempt


async def authorization_address(
    issuer: Issuer, attempt: Attempt, redirect_uri: str, *, is_other_account: bool = False
) -> str:
    """The address at the provider to which the browser goes.

    ``is_other_account``: the provider is to ask who comes, although somebody is signed in there.

    Raises :class:`service.errors.ProviderUnavailable`.
    """
    endpoint = await _required(issuer, "authorization_endpoint")
    prompt = {"prompt": await issuer.prompt_for_another()} if is_other_account else {}
    challenge = base64.urlsafe_b64encode(hashlib.sha256(attempt.verifier.encode()).digest()).rstrip(b"=")
    return str(
        httpx.URL(endpoint).copy_merge_params(
            {
                "response_type": "code",
                "client_id": issuer.provider.client_id,
                "redirect_uri": redirect_uri,
                "scope": " ".join(issuer.provider.scopes),
                "state": attempt.state,
                "nonce": attempt.nonce,
                "code_challenge": challenge.decode(),
                "code_challenge_method": "S256",
                **prompt,
            }
        )
    )


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person whom a provider has just signed in, with the claims of its ID token and UserInfo endpoint."""

    of_id_token: Mapping[str, Any]
    of_user_info: Mapping[str, Any]
    access_token: str = field(default="", repr=False)

    @property
    def claims(self) -> Mapping[str, Any]:
        """All claims; those of the ID token, which is signed, come first."""
        return {**self.of_user_info, **self.of_id_token}


async def exchange_code(
    issuer: Issuer, attempt: Attempt, query: Mapping[str, str], redirect_uri: str
) -> SignedIn:
    """Exchange the code with which a browser comes back for what the provider says of the person.

    Raises :class:`service.errors.SignInFailed`, :class:`service.errors.ProviderUnavailable`.
    """
    if query.get("iss", issuer.provider.issuer) != issuer.provider.issuer:  # RFC 9207
        raise SignInFailed("The answer came from another provider. Sign in again.")
    if "error" in query or not query.get("code"):
        raise _refused(query.get("error"))
    provider = issuer.provider
    secret = provider.client_secret.get_secret_value()
    form = {
        "grant_type": "authorization_code",
        "code": query["code"],
        "redirect_uri": redirect_uri,
        "code_verifier": attempt.verifier,
    }
    auth: httpx.BasicAuth | None = None
    if secret and await issuer.takes("client_secret_basic"):
        auth = httpx.BasicAuth(quote(provider.client_id, safe=""), quote(secret, safe=""))
    else:
        form |= {"client_id": provider.client_id, **({"client_secret": secret} if secret else {})}
    endpoint = await _required(issuer, "token_endpoint")
    status, tokens = await issuer.fetcher.fetch(provider, endpoint, form=form, auth=auth)
    if status != 200 or not isinstance(tokens.get("id_token"), str):
        _log_refusal(provider, status, tokens.get("error"))
        raise _refused(tokens.get("error"))
    claims = await id_claims(issuer, tokens["id_token"], attempt.nonce)
    access_token = tokens.get("access_token")
    if not isinstance(access_token, str) or not await issuer.endpoint("userinfo_endpoint"):
        return SignedIn(claims, {})
    return SignedIn(claims, await user_info(issuer, access_token, claims["sub"]), access_token)


async def end_session_address(issuer: Issuer, redirect_uri: str) -> str:
    """The address that signs a person out at the provider; empty if there is none.

    Raises :class:`service.errors.ProviderUnavailable`.
    """
    endpoint = await issuer.endpoint("end_session_endpoint")
    if not endpoint:
        return ""
    back = {"client_id": issuer.provider.client_id, "post_logout_redirect_uri": redirect_uri}
    return str(httpx.URL(endpoint).copy_merge_params(back))


async def user_info(issuer: Issuer, access_token: str, subject: str) -> Mapping[str, Any]:
    """What the provider says of a person now.

    Raises :class:`service.errors.SignInFailed` unless it takes the token, and means this person;
    :class:`service.errors.ProviderUnavailable`.
    """
    endpoint = await _required(issuer, "userinfo_endpoint")
    headers = {"Authorization": f"Bearer {access_token}"}
    status, claims = await issuer.fetcher.fetch(issuer.provider, endpoint, headers=headers)
    if status == 429 or status >= 500:
        raise unavailable(issuer.provider, has_replied=True)  # of this person, perhaps: others are asked for
    if status != 200 or claims.get("sub") != subject:
        raise SignInFailed("The provider did not say who you are. Sign in again.")
    return claims


async def _required(issuer: Issuer, name: str) -> str:
    endpoint = await issuer.endpoint(name)
    if not endpoint:
        raise unavailable(issuer.provider)
    return endpoint


def _log_refusal(provider: Provider, status: int, code: object) -> None:
    """Log that the token endpoint gave no tokens, and what to check."""
    told = code if isinstance(code, str) and _ERROR.fullmatch(code) else "no error code"
    advice = (
        "Check client_id and client_secret in the file of LOCCIT_SIGN_IN, and that the client at the "
        "provider signs in with a secret (client_secret_basic or client_secret_post)"
        if told in {"invalid_client", "unauthorized_client"}
        else "Check that the client at the provider may use the authorization code flow with PKCE"
    )
    log.warning(
        "The token endpoint of the provider %s: status %d, %s. %s.", provider.name, status, told, advice
    )


def _refused(code: object) -> SignInFailed:
    """The error for a refusal of the provider, with its code if it has the form of one."""
    told = f" ({code})" if isinstance(code, str) and _ERROR.fullmatch(code) else ""
    return SignInFailed(f"The provider did not sign you in{told}. Sign in again.")
