"""What the service makes of its settings."""

from __future__ import annotations

import json
from pathlib import Path

from index.embedding import PACKAGED
from index.sources.web import Fetcher, WebConfig
from service.errors import InvalidRequest, InvalidSettings
from service.flows.answer.writing.endpoint import Patience, Writer
from service.flows.ingest.jobs.intake import Intake
from service.http.middleware.sign_on import SignOn
from service.settings.settings import PREFIX, Settings
from service.settings.values import split_list
from service.state.identity import SCOPES
from service.state.identity.client_address import Networks, networks
from service.state.jobs.protocols import Spool

_BUILT_SITE = Path("build") / "site"


def allowed_hosts(settings: Settings) -> tuple[str, ...]:
    """Host names that the operator allows, besides those that only this machine can have."""
    return split_list(settings.allowed_hosts)


def require_allowed_model(settings: Settings, model: str) -> None:
    """Raise :class:`InvalidRequest` for a model that callers of the API may not choose."""
    allowed = dict.fromkeys([settings.model, *PACKAGED, *split_list(settings.allowed_models)])
    if model and model not in allowed:
        # The names are no secret to an administrator, who alone gets here.
        raise InvalidRequest(f"model: {model!r} may not be chosen. Choose one of {', '.join(allowed)}.")


def cors_origins(settings: Settings) -> tuple[str, ...]:
    """Origins whose pages may use the API."""
    return split_list(settings.cors_origins)


def trusted_proxies(settings: Settings) -> Networks:
    """Networks of the proxies that the operator trusts."""
    return networks(split_list(settings.trusted_proxies))


def sign_on(settings: Settings) -> SignOn | None:
    """How a proxy signs people in; None if none does."""
    if not settings.proxy_user_header:
        return None
    user, groups = settings.proxy_user_header, settings.proxy_groups_header
    return SignOn(user.lower().encode(), groups.lower().encode(), SCOPES[settings.proxy_scope])


def open_intake(settings: Settings, spool: Spool) -> Intake:
    """Build the intake that reads the documents of jobs, with the limits of the settings."""
    max_bytes = settings.library_config().ingest.max_document_bytes
    web = WebConfig(max_bytes=max_bytes, allowed_networks=split_list(settings.web_networks))
    return Intake(spool, Fetcher(web), max_document_bytes=max_bytes)


def open_writer(settings: Settings) -> Writer | None:
    """The model that writes answers; None if the settings name none."""
    if not settings.writer_url:
        return None
    key = "" if settings.writer_key is None else settings.writer_key.get_secret_value()
    patience = Patience(settings.writer_first_seconds, settings.writer_next_seconds, settings.writer_seconds)
    parameters = json.loads(settings.writer_parameters)
    return Writer(settings.writer_url, settings.writer_model, key, parameters, patience)


def help_folder(settings: Settings) -> Path | None:
    """The folder of the built documentation; None without one.

    Raises :class:`service.errors.InvalidSettings` if the one that is named has no first page.
    """
    folder = settings.help or _BUILT_SITE
    if (folder / "index.html").is_file():
        return folder.resolve()
    if settings.help is not None:
        raise InvalidSettings(f"{PREFIX}HELP: {folder} has no index.html. Build the site with `make site`.")
    return None
