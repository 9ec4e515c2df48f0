"""``loccit worker``: embed passages and run jobs for the services that share a database."""

import logging
import signal
import threading
from contextlib import ExitStack
from typing import Annotated

import typer

from cli.options import Data, read_settings

log = logging.getLogger("loccit.service")


def worker(
    data: Data = None,
    host: Annotated[
        str | None,
        typer.Option(help="Address of the health checks.", show_default="LOCCIT_HOST or 127.0.0.1"),
    ] = None,
    health_port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help="Port on which /healthz and /readyz answer.", show_default="none"
        ),
    ] = None,
) -> None:
    """Embed passages and run jobs of a database, for the services that share it.

    Needs LOCCIT_STORE, and for jobs LOCCIT_OBJECTS. Any number may run, and end at any time: on SIGTERM what
    is not finished is given back, and what a killed one had taken is taken by another.
    """
    from cli.server.address import check_address
    from service.app.worker import Work
    from service.monitoring.logs import configure_logging
    from service.monitoring.probes import answering_probes

    settings = read_settings(data, host=host)
    configure_logging(settings.log_level, settings.log_format)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with ExitStack() as stack:
        work = Work(settings)
        if health_port is not None:
            check_address(settings.host, health_port)
            port = stack.enter_context(answering_probes(settings.host, health_port, work.health, work.render))
            log.info("Health checks: http://%s:%d/readyz, metrics: /metrics", settings.host, port)
        work.run(stopped)
