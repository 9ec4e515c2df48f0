"""Where the service listens, and who may reach it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings

from service.settings.values import RateLimit, is_origin, require_networks, require_visible, split_list


class AccessSettings(BaseSettings):
    """Addresses, keys, proxies, and limits of callers."""

    host: str = Field(
        "127.0.0.1",
        description="Address to listen on. 0.0.0.0 accepts connections from other machines, which needs an "
        "API key.",
    )
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on; 0 selects a free one.")
    workers: int = Field(
        1,
        ge=1,
        le=256,
        description="Processes of `loccit serve` on one port. Each loads its own model; they divide the "
        "processors among them. Limits such as LOCCIT_MAX_QUEUE apply to each process. For machines with "
        "many processors.",
    )
    answers_only: bool = Field(
        False,
        description="Whether the service leaves passages to embed and jobs to the processes of `loccit "
        "worker`, which share its LOCCIT_STORE and LOCCIT_OBJECTS. For those who embed on other machines.",
    )
    api_key: SecretStr | None = Field(
        None,
        description="An admin key beside those that `loccit keys` makes. Once there is a key, every request "
        "except health checks must send one. Without any key, whoever reaches the port can read, write and "
        "delete. For those who keep secrets in the environment.",
    )
    allow_anonymous: bool = Field(
        False,
        description="Whether `loccit serve` may listen without an API key on an address that other machines "
        "reach. For networks whose every user may do everything.",
    )
    allowed_hosts: str = Field(
        "",
        description="Comma-separated host names under which the service answers, besides IP addresses and "
        "names without a dot such as localhost; `*` allows any. Used only without an API key: it stops DNS "
        "rebinding, by which another site's page could read the answers.",
    )
    ready_lag_seconds: float = Field(
        10.0,
        ge=0,
        le=86_400,
        description="Seconds that the indexes of this process may be behind the record before `/readyz` "
        "answers 503, so that a balancer asks others meanwhile; 0 is no bound. Following takes a fraction of "
        "a second, and a large ingest elsewhere a few.",
    )
    public_url: str = Field(
        "",
        description="Address under which people reach the service, such as `https://docs.example.org`: "
        "exported citations and results for chat programs link to it, and links of the pages begin with its "
        "path. By default that of each request.",
    )
    create_key: bool = Field(
        False,
        description="Whether `loccit serve` makes an admin key, and prints it, when it starts without any "
        "key. The image sets it.",
    )
    rate_limit: str = Field(
        "",
        description="Requests a minute of each key, and how many may come at once: `600:50`; empty for no "
        "limit. A key may have a limit of its own. A batch counts each question. Each process counts alone, "
        "unless LOCCIT_STORE is set. For services that many programs use.",
    )
    visitor_rate_limit: str = Field(
        "60:20",
        description="Requests a minute of each visitor of public pages, by address, and how many may come "
        "at once: with a key that has origins, and of open links. Empty for no limit. For those who publish "
        "answers.",
    )
    visitor_link_days: float = Field(
        30.0,
        gt=0,
        le=3650,
        description="Days for which links of answers open without a key: those of keys with `--origin` or "
        "`--open-links`. For those who publish answers.",
    )
    trusted_proxies: str = Field(
        "",
        description="Comma-separated addresses or networks of proxies whose X-Forwarded-For and "
        "X-Forwarded-Proto count, such as `127.0.0.1, 10.0.0.0/8`. By the client's address wrong keys are "
        "limited.",
    )
    proxy_user_header: str = Field(
        "",
        description="Header by which a proxy of LOCCIT_TRUSTED_PROXIES names the person whom it has signed "
        "in, such as `X-Forwarded-User` (SSO). The proxy must remove it from what clients send.",
    )
    proxy_groups_header: str = Field(
        "",
        description="Header by which that proxy names the person's groups, separated by commas, such as "
        "`X-Forwarded-Groups`.",
    )
    proxy_scope: Literal["ask", "read", "write", "admin"] = Field(
        "read",
        description="What people may do whom a proxy has signed in. For those with single sign-on.",
    )
    sign_in: Path | None = Field(
        None,
        description="TOML file with the providers of OpenID Connect that sign people in on the pages and "
        "issue access tokens for the API (docs/access.md). It needs LOCCIT_PUBLIC_URL. From then on nobody "
        "enters without signing in, a token or a key.",
    )
    cors_origins: str = Field(
        "",
        description="Comma-separated origins whose pages may use the API in a browser, with a key in a "
        "header, such as `https://www.example.org`; `*` allows any. By default none may.",
    )

    @property
    def is_signed_on(self) -> bool:
        """Whether people sign in elsewhere: at a proxy, or at a provider of OpenID Connect."""
        return bool(self.proxy_user_header) or self.sign_in is not None

    @property
    def asks_for_keys(self) -> bool:
        """Whether the settings alone ask callers who they are: by a key, or by single sign-on."""
        return self.api_key is not None or self.is_signed_on

    @field_validator("api_key")
    @classmethod
    def _check_api_key(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None:
            value = key.get_secret_value()
            if not value:
                raise ValueError("is empty. Unset it to serve without a key, or give one.")
            require_visible(value)
        return key

    @field_validator("answers_only")
    @classmethod
    def _check_answers_only(cls, answers_only: bool, others: ValidationInfo) -> bool:
        store = others.data.get("store")
        if answers_only and not (store and store.get_secret_value() and others.data.get("objects")):
            raise ValueError(
                "leaves the work to processes of `loccit worker`. Set LOCCIT_STORE, the database that they "
                "take it from, and LOCCIT_OBJECTS, where they find uploaded files."
            )
        return answers_only

    @field_validator("public_url")
    @classmethod
    def _check_public_url(cls, url: str) -> str:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and parts.netloc
        if url and (not is_address or parts.query or parts.fragment):
            raise ValueError(f"{url!r} is not a web address. Write it like https://docs.example.org.")
        return url.rstrip("/")

    @field_validator("rate_limit", "visitor_rate_limit")
    @classmethod
    def _check_rate(cls, rate: str) -> str:
        RateLimit.parse(rate)  # raises a ValueError that says what is wrong
        return rate

    @field_validator("cors_origins")
    @classmethod
    def _check_origins(cls, origins: str) -> str:
        for origin in split_list(origins):
            if origin != "*" and not is_origin(origin):
                raise ValueError(f"{origin!r} is not an origin. Write it like https://www.example.org.")
        return origins

    @field_validator("trusted_proxies")
    @classmethod
    def _check_networks(cls, networks: str) -> str:
        require_networks(networks)
        return networks
