"""How ``loccit serve`` runs the service: in its own process, or in several on one port."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from multiprocessing.process import BaseProcess
from typing import Any

import uvicorn
from fastapi import FastAPI

from service.app import create_app, from_environment
from service.settings import Settings, hand_down
from service.telemetry import configure_logging

_KEEP_ALIVE_SECONDS = 30
"""For clients that pause between questions: a new connection costs them more time than a known question."""
_SHUTDOWN_SECONDS = 10
"""Those who follow a job keep their connection for as long as they like."""
_HANGING_SECONDS = 20
"""A worker that says nothing for so long is replaced. One that starts on a busy machine says nothing yet; but
one that dies while it is asked is waited for as long, too."""


def run(settings: Settings) -> None:
    """Serve until a signal ends it."""
    configure_logging(settings.log_level)
    if settings.workers == 1:
        uvicorn.run(create_app(settings), **_options(settings))
    else:
        hand_down(settings, ("data", "host", "port", "workers"))
        uvicorn.run("cli.serving:worker", factory=True, **_options(settings))


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "host": settings.host,
        "port": settings.port,
        "workers": settings.workers,
        "log_level": settings.log_level,
        "access_log": False,
        "server_header": False,
        "timeout_keep_alive": _KEEP_ALIVE_SECONDS,
        "timeout_graceful_shutdown": _SHUTDOWN_SECONDS,
        "timeout_worker_healthcheck": _HANGING_SECONDS,
    }


def worker() -> FastAPI:
    """The application in one of several processes, which does not outlive the one that started it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent,), name="loccit-parent", daemon=True).start()
    return from_environment()


def _follow(parent: BaseProcess) -> None:
    parent.join()
    # Nobody would replace this process, nor end it, and it would keep the port.
    os.kill(os.getpid(), signal.SIGTERM)
