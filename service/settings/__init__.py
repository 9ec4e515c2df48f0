"""Settings of the service, by subject. Only :mod:`service.settings.environment` reads the environment."""

from service.settings.answers import MAX_ANSWER_CHARACTERS, VERIFY_SECONDS
from service.settings.derived import (
    allowed_hosts,
    cors_origins,
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
from service.settings.removed import REMOVED
from service.settings.settings import PREFIX, Settings

__all__ = [
    "MAX_ANSWER_CHARACTERS",
    "METRICS_FOLDER",
    "PREFIX",
    "REMOVED",
    "VERIFY_SECONDS",
    "Settings",
    "allowed_hosts",
    "cors_origins",
    "hand_down",
    "load_settings",
    "metrics_folder",
    "require_allowed_model",
    "shared_metrics",
    "unknown_variables",
]
