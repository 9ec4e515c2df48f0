"""The environment: settings are read from it, and given to processes through it. Nothing else reads it."""

import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import SecretStr, ValidationError
from pydantic_settings import SettingsError

from index.errors import LoccitError
from service.errors import InvalidSettings
from service.settings.removed import REMOVED
from service.settings.settings import PREFIX, Settings

METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which prometheus_client knows the folder."""
_OF_COMMANDS = frozenset({"KEY", "PASSWORD", "URL"})
"""Variables of options of the commands, which are no settings."""
_SECRETS = (f"{PREFIX}SOURCE_SECRET_", f"{PREFIX}SOURCE_HOOK_", f"{PREFIX}WEBHOOK_SECRET_")
"""Beginnings of the variables that have secrets: of sources, of those who say that one has changed, and of
webhooks."""
log = logging.getLogger("loccit.service")


def load_settings(**overrides: object) -> Settings:
    """Read the settings from the environment; keyword arguments take precedence.

    Raises :class:`service.errors.InvalidSettings`, whose message names each wrong variable. Logs unknown
    variables that begin with the prefix, since a misspelt one would go unnoticed.
    """
    _report_unknown()
    with _invalid_named(PREFIX):
        settings = Settings(**overrides)  # type: ignore[arg-type]
    return settings if settings.engine == "embedded" else _with_engine_options(settings)


@contextmanager
def _invalid_named(prefix: str) -> Iterator[None]:
    """Translate an error of validation into one that names each wrong variable."""
    try:
        yield
    except ValidationError as error:
        messages = (
            f"{prefix}{str(one['loc'][0]).upper()}: {_reason_of_message(one['msg'])}"
            for one in error.errors()
        )
        raise InvalidSettings(" ".join(messages)) from None
    except SettingsError:  # its text has the value, which may be a secret
        raise InvalidSettings(
            f'{prefix}ENGINE_OPTIONS: write it as JSON, for example {{"uri": "http://127.0.0.1:19530"}}.'
        ) from None


def _with_engine_options(settings: Settings) -> Settings:
    """Add the settings of an engine that a package brings, from variables of its own, and validate them."""
    from index.engine import installed_engine, setting_names  # loads what engines need

    try:
        engine = installed_engine(settings.engine)
    except LoccitError as error:
        raise InvalidSettings(f"{PREFIX}ENGINE: {error.message}") from None
    prefix = f"{PREFIX}{settings.engine.upper()}_"
    written = {name.upper(): value for name, value in os.environ.items()}
    variables = {
        name: SecretStr(written[variable])
        for name in setting_names(engine)
        if (variable := f"{prefix}{name.upper()}") in written
    }
    complete = settings.model_copy(update={"engine_options": {**variables, **settings.engine_options}})
    with _invalid_named(prefix):
        engine.settings(**complete.library_config().engine.values())
    return complete


def _report_unknown() -> None:
    """Warn of variables that are no settings. Raises for those that were, and whose loss does harm.

    Templates of deployments set variables to nothing: these ask for no bound.
    """
    stopping = []
    for variable in unknown_variables():
        removed = REMOVED.get(variable.upper().removeprefix(PREFIX))
        if removed is None:
            log.warning("%s is not a setting of Loccit, and has no effect. Check its spelling.", variable)
        elif removed.stops and os.environ[variable].strip():
            stopping.append(f"{variable} is no longer a setting. {removed.now} Unset it.")
        else:
            log.warning("%s is no longer a setting: %s Unset it.", variable, removed.now)
    if stopping:
        raise InvalidSettings(" ".join(stopping))


def _variable(beginning: str, name: str) -> str:
    return f"{beginning}{name.upper().replace('-', '_')}"


def source_variable(source: str) -> str:
    """The variable that has the secret of a source, by the source's name."""
    return _variable(_SECRETS[0], source)


def source_secret(source: str) -> str:
    """The secret of a source; empty without one. It is read when it is needed and kept nowhere."""
    return os.environ.get(source_variable(source), "").strip()


def hook_secret(source: str) -> str:
    """The secret by which applications sign that a source has changed; empty without one."""
    return os.environ.get(_variable(_SECRETS[1], source), "").strip()


def webhook_variable(webhook: str) -> str:
    """The variable that has the secret that the messages of a webhook are signed with."""
    return _variable(_SECRETS[2], webhook)


def webhook_secret(webhook: str) -> str:
    """The secret that the messages of a webhook are signed with; empty without one."""
    return os.environ.get(webhook_variable(webhook), "").strip()


def hand_down(settings: Settings, names: Iterable[str]) -> None:
    """Set the variables of these settings, for processes that this one starts."""
    for name in names:
        os.environ[f"{PREFIX}{name.upper()}"] = str(getattr(settings, name))


def metrics_folder() -> Path | None:
    """The folder in which worker processes keep their metrics; None if this process is the only one."""
    folder = os.environ.get(METRICS_FOLDER)
    return Path(folder) if folder else None


@contextmanager
def shared_metrics() -> Iterator[None]:
    """Give the worker processes that this one starts a folder for their metrics."""
    with TemporaryDirectory(prefix="loccit-metrics-") as folder:
        os.environ[METRICS_FOLDER] = folder
        yield


def unknown_variables() -> list[str]:
    """List variables in the environment that begin with the prefix and are no setting."""
    known = {f"{PREFIX}{name}".upper() for name in (*Settings.model_fields, *_OF_COMMANDS)}
    found = [
        name
        for name in os.environ
        if name.upper().startswith(PREFIX) and name.upper() not in known and not name.startswith(_SECRETS)
    ]
    of_engines = _variables_of_engines() if found else frozenset()
    return sorted(name for name in found if name.upper() not in of_engines)


def _variables_of_engines() -> frozenset[str]:
    """The variables of all engines that packages bring, of those not in use, too."""
    from index.engine import engine_names, installed_engine, setting_names

    set_ = [name.upper() for name in os.environ]
    prefixes = {f"{PREFIX}{name.upper()}_": name for name in engine_names() if name != "embedded"}
    return frozenset(
        f"{prefix}{name.upper()}"
        for prefix, engine in prefixes.items()
        if any(one.startswith(prefix) for one in set_)
        for name in setting_names(installed_engine(engine))
    )


def _reason_of_message(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return message if message.endswith(".") else f"{message}."
