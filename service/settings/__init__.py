"""Settings of the service, by subject. Only :mod:`service.settings.environment` reads the environment."""

from service.settings.checks import VERIFY_SECONDS
from service.settings.derived import (
    allowed_hosts,
    cors_origins,
    help_folder,
    require_allowed_model,
)
from service.settings.environment import (
    METRICS_FOLDER,
    hand_down,
    load_settings,
    metrics_folder,
    shared_metrics,
    unknown_variables,
)
from service.settings.settings import PREFIX, Settings

__all__ = [
    "METRICS_FOLDER",
    "PREFIX",
    "VERIFY_SECONDS",
    "Settings",
    "allowed_hosts",
    "cors_origins",
    "hand_down",
    "help_folder",
    "load_settings",
    "metrics_folder",
    "require_allowed_model",
    "shared_metrics",
    "unknown_variables",
]
