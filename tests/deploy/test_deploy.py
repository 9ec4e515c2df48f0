"""The files in deploy/ are taken by the programs that they are for."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.settings import Settings
from tests.deploy.programs import DEPLOY, ROOT, VARIABLES, run

COMPOSE = DEPLOY / "compose.yaml"


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return found


def test_the_compose_file_has_the_form_that_its_specification_says() -> None:
    command = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.compose-spec",
        str(COMPOSE),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_only_the_proxy_is_reached_from_outside() -> None:
    services = compose()["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    assert {name for service in services.values() for name in service["networks"]} == set(
        compose()["networks"]
    )
    assert all(
        re.search(r":[\d.]+$", services[name]["image"]) for name in services if "build" not in services[name]
    )


def test_the_network_of_the_proxy_is_trusted() -> None:
    services = compose()["services"]
    assert {*services["loccit"]["networks"]} & {*services["proxy"]["networks"]} == {"inside"}
    (subnet,) = [one["subnet"] for one in compose()["networks"]["inside"]["ipam"]["config"]]
    trusted = compose()["services"]["loccit"]["environment"]["LOCCIT_TRUSTED_PROXIES"]
    assert trusted == subnet
    assert Settings(data=ROOT, trusted_proxies=trusted).trusted_proxies == subnet


def test_the_key_must_be_given() -> None:
    assert compose()["services"]["loccit"]["environment"]["LOCCIT_API_KEY"].startswith("${LOCCIT_API_KEY:?")


def test_files_and_volumes_of_the_compose_file_are_there() -> None:
    found = compose()
    for service in found["services"].values():
        for mount in service["volumes"]:
            source = mount.split(":")[0]
            assert source in found["volumes"] or (DEPLOY / source).is_file()
    assert (DEPLOY / found["services"]["loccit"]["build"] / "Dockerfile").is_file()


@pytest.mark.parametrize("path", sorted(DEPLOY.glob("*.*")), ids=lambda path: path.name)
def test_variables_in_the_files_are_settings(path: Path) -> None:
    assert set(re.findall(r"LOCCIT_\w+", path.read_text())) <= VARIABLES | {"LOCCIT_DOMAIN"}


def test_caddy_takes_its_file(tmp_path: Path) -> None:
    arguments = ("validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile"))
    done = run("caddy", "caddy", *arguments, HOME=str(tmp_path), LOCCIT_DOMAIN="ask.example.com")
    assert done.returncode == 0, done.stderr
    assert run("caddy", "caddy", "fmt", "--diff", str(DEPLOY / "Caddyfile")).returncode == 0


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that exists on this machine."""
    text = (DEPLOY / "loccit.service").read_text()
    written = tmp_path / "loccit.service"
    written.write_text(text.replace("/opt/loccit/bin/loccit", sys.executable))
    assert written.read_text() != text
    return written


def test_systemd_takes_the_unit(unit: Path) -> None:
    done = run("systemd-analyze", "systemd", "verify", "--man=no", str(unit))
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_leaves_the_service_little(unit: Path) -> None:
    done = run("systemd-analyze", "systemd", "security", "--offline=true", "--threshold=20", str(unit))
    assert done.returncode == 0, done.stdout
