"""Settings of the service. Only :mod:`service.settings.environment` reads the environment."""

from service.settings.environment import (
    METRICS_FOLDER,
    hand_down,
    hook_secret,
    load_settings,
    metrics_folder,
    shared_metrics,
    source_secret,
    source_variable,
    unknown_variables,
    webhook_secret,
    webhook_variable,
)
from service.settings.removed import REMOVED
from service.settings.settings import (
    MAX_ANSWER_CHARACTERS,
    PREFIX,
    VERIFY_SECONDS,
    VERIFY_STREAM_SECONDS,
    LogFormat,
    Settings,
)

__all__ = [
    "MAX_ANSWER_CHARACTERS",
    "METRICS_FOLDER",
    "PREFIX",
    "REMOVED",
    "VERIFY_SECONDS",
    "VERIFY_STREAM_SECONDS",
    "LogFormat",
    "Settings",
    "hand_down",
    "hook_secret",
    "load_settings",
    "metrics_folder",
    "shared_metrics",
    "source_secret",
    "source_variable",
    "unknown_variables",
    "webhook_secret",
    "webhook_variable",
]
