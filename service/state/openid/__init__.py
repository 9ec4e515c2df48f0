"""OpenID Connect: people whom a provider signs in, and access tokens that it issues."""

from service.state.openid.providers import Providers
from service.state.openid.tokens import is_token

__all__ = ["Providers", "is_token"]
