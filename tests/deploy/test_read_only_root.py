"""A service as deploy/ starts it: a file system that is read-only but for its data, and no capabilities."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.cli.commands import ROOT, environment
from tests.mounts import mounted
from tests.patience import PATIENCE, eventually

pytestmark = [pytest.mark.mount, pytest.mark.processes]
_SEALED = """
mount -o remount,bind,ro /
if touch "$1/written" 2> /dev/null; then echo "$1 can be written" >&2; exit 1; fi
shift
exec setpriv --inh-caps=-all --bounding-set=-all --no-new-privs "$@"
"""
"""Seal the root of a mount namespace, check that with a folder, and run the other arguments."""


def test_a_service_needs_to_write_nowhere_but_in_its_data_folder(tmp_path: Path) -> None:
    with mounted(tmp_path / "volume", "size=200m") as volume, (tmp_path / "log").open("w+") as log:
        (volume / "tmp").mkdir()
        settings = environment(volume, TMPDIR=str(volume / "tmp"), PYTHONDONTWRITEBYTECODE="1")
        sealed = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", _SEALED, "sh"]
        serve = [sys.executable, "-m", "cli", "serve", "--port", "0"]
        process = subprocess.Popen(
            [*sealed, str(ROOT), *serve], stdout=log, stderr=log, env=settings, cwd=ROOT
        )
        try:
            with httpx.Client(base_url=_address(process, Path(log.name)), timeout=PATIENCE) as client:
                eventually(lambda: client.get("/readyz").status_code == 200)
                text = "# Lamps\n\nThe lamp was lit at dusk by the keeper."
                put = client.put("/v1/documents/lamps.md?wait=true", content=text)
                assert put.status_code == 201, put.text
                asked = client.post("/v1/ask", json={"question": "Who lit the lamp?"}).json()
                assert "keeper" in asked["passages"][0]["text"]
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    def found() -> re.Match[str] | None:
        assert process.poll() is None, log.read_text()
        return re.search(r"http://127\.0\.0\.1:\d+", log.read_text())

    return str(eventually(found)[0])
