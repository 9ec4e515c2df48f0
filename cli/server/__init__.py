"""``loccit serve``: run the service in this process, or in several worker processes on one port."""

import gc
import multiprocessing
import os
import signal
import threading
from contextlib import closing
from multiprocessing.process import BaseProcess
from typing import Any

import uvicorn
from fastapi import FastAPI

from cli.server.address import check_address, require_key_for
from cli.server.connections import PromptProtocol
from cli.terminal.consoles import stderr
from service.app import create_app, from_environment
from service.monitoring.logs import configure_logging
from service.monitoring.tracing import require_opentelemetry
from service.settings import Settings, hand_down, shared_metrics
from service.settings.sign_in import load_providers
from service.state.data_folder import require_complete
from service.state.identity import Scope, new_key, open_keyring
from service.state.stock import open_inventory, settle_losses

_KEEP_ALIVE_SECONDS = 30
"""Long enough for clients that pause between questions: opening a connection takes longer than an answer."""
_SHUTDOWN_SECONDS = 10
"""Open connections are closed after this time: a client that follows a job never closes its own."""
_HANGING_SECONDS = 20
"""A worker that does not answer health checks for so long is replaced. A shorter time would replace workers
that are still starting on a busy machine; a longer one delays the replacement of a dead worker."""
_OBJECTS = 700
"""New objects after which a service looks for garbage, as Python does: more would mean longer pauses."""


def run(settings: Settings) -> None:
    """Serve until a signal ends the process. Raises errors of :mod:`cli.server.address`."""
    check_address(settings.host, settings.port)
    configure_logging(settings.log_level, settings.log_format)
    require_complete(settings.data)
    load_providers(settings)  # here, too: a worker that fails is started again
    if not (_ensure_keys(settings) or settings.allow_anonymous):
        require_key_for(settings.host)
    if settings.tracing:
        require_opentelemetry()  # here: a worker that fails is started again
    settle_losses(settings.data, open_inventory(settings.data, settings.library_config()))
    if settings.workers == 1:
        uvicorn.run(_kept(create_app(settings)), **_options(settings))
    else:
        hand_down(settings, ("data", "host", "port", "workers", "answers_only"))
        with shared_metrics():
            uvicorn.run("cli.server:worker", factory=True, **_options(settings))


def _ensure_keys(settings: Settings) -> bool:
    """Return whether callers have to say who they are; makes an admin key first if the settings want that."""
    with closing(open_keyring(settings.data, settings)) as keyring:
        if settings.create_key and not keyring.required:
            token, key = new_key("first start", Scope.ADMIN)
            keyring.add(key)
            stderr().print(
                f"Made the admin key {token}\n"
                "Keep it: it is not shown again. `loccit keys` makes and revokes keys.",
                highlight=False,
                soft_wrap=True,
            )
        return keyring.required or settings.asks_for_keys


def _options(settings: Settings) -> dict[str, Any]:
    # Without a configuration of its own, uvicorn logs in the layout of everything else.
    layout: dict[str, Any] = {"log_config": None} if settings.log_format == "json" else {}
    return {
        **layout,
        "host": settings.host,
        "port": settings.port,
        "workers": settings.workers,
        "log_level": settings.log_level,
        "access_log": False,
        "http": PromptProtocol,
        "server_header": False,
        # LOCCIT_TRUSTED_PROXIES decides whose word about the client counts.
        "proxy_headers": False,
        "timeout_keep_alive": _KEEP_ALIVE_SECONDS,
        "timeout_graceful_shutdown": _SHUTDOWN_SECONDS,
        "timeout_worker_healthcheck": _HANGING_SECONDS,
    }


def worker() -> FastAPI:
    """Create the application in a worker process, and end the process when its parent ends."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), name="loccit-parent", daemon=True).start()
    return _kept(from_environment())


def _kept(app: FastAPI) -> FastAPI:
    """Let the garbage collector pass over the application and its modules, which stay with the process."""
    gc.freeze()
    gc.set_threshold(_OBJECTS)
    return app


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    # Without its parent nothing would end this process, and it would keep the port.
    os.kill(os.getpid(), signal.SIGTERM)
