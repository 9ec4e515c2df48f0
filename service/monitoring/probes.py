"""Health checks of a process that serves nothing else, over HTTP."""

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Health:
    """The state of a process for its probes: up, ready, and ``details`` as JSON values."""

    is_up: bool
    is_ready: bool
    details: Mapping[str, object]


@contextmanager
def answering_probes(
    host: str, port: int, health: Callable[[], Health], metrics: Callable[[str], tuple[bytes, str]]
) -> Iterator[int]:
    """Answer ``/healthz`` and ``/readyz`` with 200 or 503 until the ``with`` block ends; gives the port.

    ``/metrics`` is what ``metrics`` makes, with its media type, for the Accept header of a scrape. A port of
    0 is any that is free. Raises OSError where nothing can listen.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/metrics":
                self._send(200, *metrics(self.headers.get("Accept", "")))
                return
            now = health()
            states = {
                "/healthz": (now.is_up, "up", "failed"),
                "/readyz": (now.is_ready, "ready", "not_ready"),
            }
            if self.path not in states:
                self.send_error(404)
                return
            is_well, good, bad = states[self.path]
            body = json.dumps({"status": good if is_well else bad, **now.details}).encode()
            self._send(200 if is_well else 503, body, "application/json")

        def _send(self, status: int, body: bytes, media_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log no requests: a probe comes every few seconds."""

    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

    with Server((host, port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, name="loccit-probes", daemon=True)
        thread.start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()
            thread.join()
