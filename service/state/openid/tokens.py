"""Check JSON Web Tokens of providers: access tokens, ID tokens and logout tokens.

PyJWT checks the signature, the issuer, the audience and the times; this adds what OpenID Connect and RFC 9068
say of each kind.
"""

import hmac
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import jwt

from service.errors import SignInFailed, Unauthorized
from service.settings.sign_in import Provider
from service.state.openid.issuer import ALGORITHMS, Issuer

log = logging.getLogger("loccit.service")

SKEW_SECONDS = 60
"""Difference of the clocks of the provider and of this machine that is allowed."""
LONGEST_TOKEN = 16_384
_ACCESS_TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
_LOGOUT = "http://schemas.openid.net/event/backchannel-logout"
_OF_PARSER = (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError, AttributeError)


def is_token(credential: bytes) -> bool:
    """Whether this has the form of a signed token: three parts, of which the first is a JSON object."""
    return credential.startswith(b"ey") and credential.count(b".") == 2


def issuer_of(token: str) -> str:
    """The issuer that a token names, which nobody has checked; empty without one."""
    try:
        found = jwt.decode(token, options={"verify_signature": False}).get("iss")
    except _OF_PARSER:
        return ""
    return found if isinstance(found, str) else ""


async def access_claims(issuer: Issuer, token: str) -> Mapping[str, Any]:
    """The claims of an access token for the API. Raises :class:`service.errors.Unauthorized`."""
    header, claims = await _verified(issuer, token, issuer.provider.audience, ("exp", "sub"))
    if str(header.get("typ", "JWT")).lower() not in _ACCESS_TYPES or claims.get("typ", "Bearer") != "Bearer":
        raise Unauthorized("The token is not an access token.")
    client = claims.get("azp", claims.get("client_id"))
    if issuer.provider.clients and client not in issuer.provider.clients:
        raise Unauthorized("The token was issued to a client that this service does not take tokens of.")
    return claims


async def id_claims(issuer: Issuer, token: str, nonce: str) -> Mapping[str, Any]:
    """The claims of an ID token for the sign-in that has this nonce.

    Raises :class:`service.errors.SignInFailed`, :class:`service.errors.ProviderUnavailable`.
    """
    provider = issuer.provider
    try:
        _, claims = await _verified(issuer, token, (provider.client_id,), ("exp", "iat", "sub"))
    except Unauthorized:
        raise SignInFailed(
            f"The answer of {provider.title} cannot be used. Sign in again. If that does not help, ask the "
            "people who run this service: its log says why."
        ) from None
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise SignInFailed("The answer of the provider belongs to another sign-in. Sign in again.")
    others = claims["aud"] != provider.client_id and claims["aud"] != [provider.client_id]
    if claims.get("azp", None if others else provider.client_id) != provider.client_id:
        raise SignInFailed("The answer of the provider is for another service.")
    return claims


async def logout_claims(issuer: Issuer, token: str) -> Mapping[str, Any]:
    """The claims of a logout token (OpenID Connect Back-Channel Logout).

    Raises :class:`service.errors.Unauthorized`.
    """
    _, claims = await _verified(issuer, token, (issuer.provider.client_id,), ("exp", "iat", "jti", "events"))
    events = claims["events"]
    names_session = any(isinstance(claims.get(one), str) for one in ("sid", "sub"))
    if not isinstance(events, dict) or _LOGOUT not in events or "nonce" in claims or not names_session:
        raise Unauthorized("The token is not a logout token.")
    return claims


async def _verified(
    issuer: Issuer, token: str, audience: Sequence[str], required: Sequence[str]
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Header and claims of a token that a provider issued for an audience, and that is valid now."""
    if len(token) > LONGEST_TOKEN or not all(audience):
        raise _invalid(issuer.provider, "too long")
    try:
        header = jwt.get_unverified_header(token)
        key = await issuer.key(header)
        claims = jwt.decode(
            token,
            key,
            algorithms=ALGORITHMS,
            audience=audience,
            issuer=issuer.provider.issuer,
            leeway=SKEW_SECONDS,
            options={"require": ["iss", "aud", *required], "enforce_minimum_key_length": True},
        )
    except jwt.ExpiredSignatureError:
        _log_refusal(issuer.provider, "it has expired")
        raise Unauthorized("The token has expired. Get a new one from its issuer.") from None
    except jwt.InvalidAudienceError:
        _log_refusal(issuer.provider, f"it is for another audience than {', '.join(audience)}")
        wanted = " or ".join(audience)
        raise Unauthorized(
            "The token is for another audience than this service. Ask its issuer for one with the audience "
            f"{wanted}."
        ) from None
    except jwt.MissingRequiredClaimError as error:
        raise _invalid(issuer.provider, f"it has no claim {error.claim}") from None
    except _OF_PARSER as error:
        raise _invalid(issuer.provider, type(error).__name__) from None
    return header, claims


def _invalid(provider: Provider, reason: str) -> Unauthorized:
    _log_refusal(provider, reason)
    return Unauthorized("The token is not valid here. Get a new one from its issuer.")


def _log_refusal(provider: Provider, reason: str) -> None:
    log.info("A token of %s is refused: %s.", provider.issuer, reason)
