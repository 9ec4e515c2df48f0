"""Values that are computed from settings."""

from __future__ import annotations

from service.errors import InvalidRequest
from service.settings.settings import Settings
from service.settings.values import split_list


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
