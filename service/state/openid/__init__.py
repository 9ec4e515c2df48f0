"""OpenID Connect: people whom a provider signs in, and access tokens that it issues."""

from service.state.openid.authorization import (
    SECONDS,
    Attempt,
    authorization_address,
    end_session_address,
    exchange_code,
)
from service.state.openid.checking import CHECK_COOKIE
from service.state.openid.issuer import Issuer
from service.state.openid.providers import Providers
from service.state.openid.rules import principal_of
from service.state.openid.tokens import is_token, logout_claims

__all__ = [
    "CHECK_COOKIE",
    "SECONDS",
    "Attempt",
    "Issuer",
    "Providers",
    "authorization_address",
    "end_session_address",
    "exchange_code",
    "is_token",
    "logout_claims",
    "principal_of",
]
