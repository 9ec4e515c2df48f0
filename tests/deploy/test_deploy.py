"""The files in deploy/ are taken by the programs that they are for."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.deploy.programs import CADDY, DEPLOY, VARIABLES, run, run_program

OF_THE_PROXY = {"LOCCIT_DOMAIN", "LOCCIT_UPSTREAMS", "LOCCIT_HEALTH"}


@pytest.mark.parametrize("path", sorted(DEPLOY.glob("*.*")), ids=lambda path: path.name)
def test_variables_in_the_files_are_settings(path: Path) -> None:
    assert set(re.findall(r"LOCCIT_\w+", path.read_text())) <= VARIABLES | OF_THE_PROXY


@pytest.mark.processes
def test_caddy_takes_its_file(tmp_path: Path) -> None:
    arguments = ("validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile"))
    given = {"HOME": str(tmp_path), "LOCCIT_DOMAIN": "ask.example.com"}
    for several in ({}, {"LOCCIT_UPSTREAMS": "replica-1:8000 replica-2:8000", "LOCCIT_HEALTH": "/readyz"}):
        done = run_program(str(CADDY), *arguments, **given, **several)
        assert done.returncode == 0, done.stderr
    assert run_program(str(CADDY), "fmt", "--diff", str(DEPLOY / "Caddyfile")).returncode == 0


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that exists on this machine."""
    text = (DEPLOY / "loccit.service").read_text()
    written = tmp_path / "loccit.service"
    written.write_text(text.replace("/opt/loccit/bin/loccit", sys.executable))
    assert written.read_text() != text
    return written


@pytest.mark.processes
def test_systemd_takes_the_unit(unit: Path) -> None:
    done = run("systemd-analyze", "systemd", "verify", "--man=no", str(unit))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.processes
def test_the_unit_leaves_the_service_little(unit: Path) -> None:
    done = run("systemd-analyze", "systemd", "security", "--offline=true", "--threshold=20", str(unit))
    assert done.returncode == 0, done.stdout
