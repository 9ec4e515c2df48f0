"""Values that are computed from settings."""

from __future__ import annotations

from pathlib import Path

from service.errors import InvalidRequest, InvalidSettings
from service.settings.settings import PREFIX, Settings
from service.settings.values import split_list

_BUILT_SITE = Path("build") / "site"


def allowed_hosts(settings: Settings) -> tuple[str, ...]:
    """Host names that the operator allows, besides those that only this machine can have."""
    return split_list(settings.allowed_hosts)


def require_allowed_model(settings: Settings, model: str) -> None:
    """Raise :class:`InvalidRequest` for a model that callers of the API may not choose."""
    from index.embedding import PACKAGED  # loads what models need

    allowed = dict.fromkeys([settings.model, *PACKAGED, *split_list(settings.allowed_models)])
    if model and model not in allowed:
        # The names are no secret to an administrator, who alone gets here.
        raise InvalidRequest(f"model: {model!r} may not be chosen. Choose one of {', '.join(allowed)}.")


def cors_origins(settings: Settings) -> tuple[str, ...]:
    """Origins whose pages may use the API."""
    return split_list(settings.cors_origins)


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
