"""A provider of OpenID Connect in this process: its key, its tokens, and the settings that name it."""

from __future__ import annotations

import functools
import json
import time
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

ISSUER = "https://sso.example.org/realms/staff"
URL = "https://docs.example.org"
RULES = """
[[providers.rules]]
claim = "groups"
values = ["staff", "board"]
groups_of_values = true

[[providers.rules]]
claim = "realm_access.roles"
values = ["writer"]
scope = "write"
groups = ["press"]

[[providers.rules]]
claim = "groups"
values = ["operators"]
scope = "admin"

[[providers.rules]]
email_domain = "example.org"
scope = "ask"
"""


@functools.cache
def private_key(kind: str = "EC") -> Any:
    """A key that the provider signs with; each kind is made once."""
    if kind.startswith("EC"):
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_keys(*kinds: str) -> dict[str, Any]:
    """The key set (JWKS) with these keys, whose ids are their kinds."""
    keys = []
    for kind in kinds:
        algorithm = jwt.get_algorithm_by_name("ES256" if kind.startswith("EC") else "RS256")
        public = algorithm.to_jwk(private_key(kind).public_key(), as_dict=True)
        keys.append({**public, "kid": kind, "use": "sig"})
    return {"keys": keys}


def write_settings(
    folder: Path, *, more: str = "", rules: str = RULES, issuer: str = ISSUER
) -> dict[str, Any]:
    """Settings of a service that takes the tokens of this provider, whose keys are in a file."""
    (folder / "keys.json").write_text(json.dumps(public_keys("EC", "RSA")))
    (folder / "sign-in.toml").write_text(
        f'[[providers]]\nname = "sso"\nlabel = "Example"\nissuer = "{issuer}"\n'
        f'keys = "{folder / "keys.json"}"\n{more}\n{rules}'
    )
    return {"sign_in": folder / "sign-in.toml", "public_url": URL}


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of an access token, valid for five minutes; a change to None leaves one out."""
    now = int(time.time())
    made = {
        "iss": ISSUER,
        "aud": URL,
        "sub": "42",
        "name": "Ada",
        "iat": now,
        "exp": now + 300,
        "scope": "openid loccit:admin",
        "groups": ["staff"],
        **changes,
    }
    return {name: value for name, value in made.items() if value is not None}


def token(
    kind: str = "EC", *, algorithm: str = "", headers: dict[str, Any] | None = None, **changes: Any
) -> str:
    """An access token, signed with a key of this kind."""
    algorithm = algorithm or ("ES256" if kind.startswith("EC") else "RS256")
    named = {name: value for name, value in {"kid": kind, **(headers or {})}.items() if value is not None}
    return jwt.encode(claims(**changes), private_key(kind), algorithm, headers=named)


def bearer(*arguments: Any, **changes: Any) -> dict[str, str]:
    """The header with a token."""
    return {"authorization": f"Bearer {token(*arguments, **changes)}"}
