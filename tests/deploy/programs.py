"""The folder deploy/, and the programs that its files are for."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from service.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
VARIABLES = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}


CADDY = Path(sys.executable).with_name("caddy")
"""The proxy, of the version that the compose files have; from PyPI."""


def run(tool: str, package: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program of a Debian package; skips the test where it is not installed."""
    command = shutil.which(tool)
    if command is None:
        pytest.skip(f"{tool} is not installed (Debian: {package})")
    return run_program(command, *arguments, **environment)


def run_program(command: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    return subprocess.run(
        [command, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", **environment},
    )
