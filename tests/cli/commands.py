"""Run commands: in this process, or as users do in one of their own."""

from __future__ import annotations

import gc
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from typer.testing import CliRunner, Result

from cli.main import app
from tests.patience import PATIENCE, eventually

ROOT = Path(__file__).resolve().parents[2]
TERMINAL = {"TTY_COMPATIBLE": "1", "TERM": "xterm", "COLUMNS": "60"}
"""Variables that make stdout a narrow terminal."""
_ADDRESS = re.compile(r"http://(?:127\.0\.0\.1|0\.0\.0\.0):\d+")


def environment(tmp_path: Path, **settings: str) -> dict[str, str]:
    """No setting of whoever runs the tests, data in a new folder, and the model that needs no time."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("LOCCIT_")}
    return {
        **own,
        "LOCCIT_DATA": str(tmp_path / "data"),
        "LOCCIT_MODEL": "words",
        "COLUMNS": "200",
        **settings,
    }


def loccit(
    tmp_path: Path, *arguments: str, status: int = 0, stdin: str | None = None, **settings: str
) -> Result:
    """Run a command in this process to its end, which must be with this exit status."""
    unset = {name: None for name in os.environ if name.startswith("LOCCIT_")}
    own = unset | environment(tmp_path, **settings)
    done = CliRunner().invoke(app, list(arguments), input=stdin, env=own)
    if "LOCCIT_STORE" in settings:
        gc.collect()  # what holds connections, and would end with a process of its own
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == status, done.stdout + done.stderr
    return done


def process(
    tmp_path: Path, *arguments: str, status: int = 0, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run Python with these arguments in a process of its own, with settings as :func:`loccit` has them."""
    done = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment(tmp_path, **settings),
        cwd=ROOT,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done


@contextmanager
def started(
    tmp_path: Path, *arguments: str, root: Path = ROOT, **settings: str
) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    """``loccit serve`` in a process of its own, ready, and a client of it; of the code in ``root``."""
    with (tmp_path / "serve.log").open("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", "serve", "--port", "0", *arguments],
            stdout=log,
            stderr=log,
            env=environment(tmp_path, **settings),
            cwd=root,
        )
        try:
            with httpx.Client(base_url=_address(process, tmp_path / "serve.log"), timeout=PATIENCE) as client:
                eventually(lambda: _ready(client))
                yield process, client
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.ConnectError:  # of several workers none listens yet
        return False


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + PATIENCE
    while not (found := _ADDRESS.search(log.read_text())):
        assert process.poll() is None and time.monotonic() < deadline, log.read_text()  # noqa: PT018
        time.sleep(0.02)
    return found[0]
