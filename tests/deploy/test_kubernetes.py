"""The manifests in deploy/kubernetes are valid, and agree with each other and with the service."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from pathspec import GitIgnoreSpec

from service.faces.api.routes import health
from service.settings import Settings
from tests.deploy.programs import DEPLOY, ROOT, VARIABLES, run

FOLDER = DEPLOY / "kubernetes"
BASE, EXAMPLE = FOLDER / "base", FOLDER / "example"
VERSIONS = ("1.30", "1.37")
"""Of Kubernetes: the oldest that docs/kubernetes.md names, and the newest whose schemas there are."""
OF_OTHERS = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


def documents(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.yaml")):
        if path.name != "kustomization.yaml":
            yield from yaml.safe_load_all(path.read_text())


def of_kind(*kinds: str) -> list[dict[str, Any]]:
    found = [one for one in [*documents(BASE), *documents(EXAMPLE)] if one["kind"] in kinds]
    assert found
    return found


def kustomization(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((folder / "kustomization.yaml").read_text())
    return found


def workloads() -> list[dict[str, Any]]:
    return of_kind("StatefulSet", "Deployment")


def pods() -> list[dict[str, Any]]:
    return [one["spec"]["template"] for one in workloads()]


def containers() -> list[dict[str, Any]]:
    return [container for pod in pods() for container in pod["spec"]["containers"]]


def variables(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


@pytest.fixture
def installation(tmp_path: Path) -> list[dict[str, Any]]:
    """The objects of an installation, made as the first lines of the example say."""
    folder = shutil.copytree(FOLDER, tmp_path / "kubernetes") / "example"
    shutil.copy(folder / "secrets.env.template", folder / "secrets.env")
    done = run("kustomize", "kustomize", "build", str(folder))
    assert (done.returncode, done.stderr) == (0, "")
    return list(yaml.safe_load_all(done.stdout))


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_takes_the_manifests(version: str) -> None:
    for document in [*documents(BASE), *documents(EXAMPLE)]:
        kubernetes_validate.validate(document, version, strict=True)


@pytest.mark.processes
def test_kustomize_makes_an_installation(installation: list[dict[str, Any]]) -> None:
    for document in installation:
        kubernetes_validate.validate(document, VERSIONS[-1], strict=True)
    names = {(one["kind"], one["metadata"]["name"]) for one in installation}
    assert {one["metadata"].get("namespace") for one in installation if one["kind"] != "Namespace"} == {
        "loccit"
    }
    for pod in (
        one["spec"]["template"] for one in installation if one["kind"] in {"StatefulSet", "Deployment"}
    ):
        for container in pod["spec"]["containers"]:
            assert container["image"] == "registry.example.org/loccit:0.2.0"
            for source in container["envFrom"]:
                ((kind, reference),) = source.items()
                assert (
                    {"configMapRef": "ConfigMap", "secretRef": "Secret"}[kind],
                    reference["name"],
                ) in names


@pytest.mark.parametrize("folder", [BASE, EXAMPLE], ids=lambda folder: folder.name)
def test_a_kustomization_names_every_file_beside_it(folder: Path) -> None:
    found = kustomization(folder)
    generators = [*found.get("configMapGenerator", []), *found.get("secretGenerator", [])]
    named = {*found["resources"], *(name for one in generators for name in one["envs"])} - {"../base"}
    there = {path.name.removesuffix(".template") for path in folder.iterdir() if path.name != "secrets.env"}
    assert there - {"kustomization.yaml"} | ({"secrets.env"} & named) == named


def test_secrets_are_not_in_git() -> None:
    ignored = GitIgnoreSpec.from_lines((ROOT / ".gitignore").read_text().splitlines())
    assert ignored.match_file((EXAMPLE / "secrets.env").relative_to(ROOT))
    values = variables(EXAMPLE / "secrets.env.template")
    assert ":PASSWORD@" in values.pop("LOCCIT_STORE")
    assert {*values.values()} == {""}


def test_the_variables_are_settings_and_their_values_are_taken() -> None:
    files = [BASE / "settings.env", EXAMPLE / "settings.env", EXAMPLE / "secrets.env.template"]
    given = {name: value for file in files for name, value in variables(file).items() if value}
    assert given.keys() <= VARIABLES | OF_OTHERS
    own = {name.removeprefix("LOCCIT_").lower(): value for name, value in given.items()}
    Settings(data=ROOT, **own)  # type: ignore[arg-type]
    assert {"LOCCIT_STORE", "LOCCIT_API_KEY"} <= variables(EXAMPLE / "secrets.env.template").keys()


def test_every_container_has_probes_at_the_routes_of_the_service_and_limits() -> None:
    for container in containers():
        limits = container["resources"]["limits"]
        assert (
            {"cpu", "memory", "ephemeral-storage"}
            == limits.keys()
            == container["resources"]["requests"].keys()
        )
        check_probes(container)


def check_probes(container: dict[str, Any]) -> None:
    probes = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")}
    assert {kind: probe["path"] for kind, probe in probes.items()} == {
        "startup": "/healthz",
        "liveness": "/healthz",
        "readiness": "/readyz",
    }
    assert {probe["port"] for probe in probes.values()} == {one["name"] for one in container["ports"]}
    assert {probe["path"] for probe in probes.values()} <= {route.path for route in health.router.routes}


def test_ports_agree() -> None:
    image = (ROOT / "Dockerfile").read_text()
    (port,) = re.findall(r"^EXPOSE (\d+)$", image, re.MULTILINE)
    assert [one["ports"] for one in containers()] == [
        [{"name": name, "containerPort": int(port)}] for name in ("http", "health")
    ]
    for service in of_kind("Service"):
        assert [(one["port"], one["targetPort"]) for one in service["spec"]["ports"]] == [(int(port), "http")]
    (ingress,) = of_kind("Ingress")
    (path,) = ingress["spec"]["rules"][0]["http"]["paths"]
    assert path["backend"]["service"] == {"name": "loccit", "port": {"name": "http"}}
    (policy,) = [one for one in of_kind("NetworkPolicy") if one["spec"].get("ingress")]
    assert policy["spec"]["ingress"][0]["ports"] == [{"port": "http", "protocol": "TCP"}]


def test_the_commands_have_these_options() -> None:
    commands = (ROOT / "docs" / "reference" / "commands.md").read_text().split("\n## ")
    sections = {section.splitlines()[0]: section for section in commands}
    for container in containers():
        section = sections[" ".join(container["args"][:2])]
        options = [one for one in container["args"] if one.startswith("--")]
        assert options
        assert all(f"`{option}" in section for option in options)


def test_the_autoscaler_scales_the_workers() -> None:
    (scaler,) = of_kind("HorizontalPodAutoscaler")
    (workers,) = of_kind("Deployment")
    target = scaler["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == ("Deployment", workers["metadata"]["name"])
    assert "replicas" not in workers["spec"]  # or each `kubectl apply` would set it back
    (container,) = workers["spec"]["template"]["spec"]["containers"]
    # It counts in shares of what is requested: a worker at work has to be above its target.
    assert container["resources"]["requests"]["cpu"] == container["resources"]["limits"]["cpu"]


def test_a_service_of_the_same_name_does_not_set_the_port() -> None:
    assert "loccit" in {
        one["metadata"]["name"] for one in of_kind("Service")
    }  # and LOCCIT_PORT would be its address
    assert [pod["spec"]["enableServiceLinks"] for pod in pods()] == [False] * len(pods())


def test_containers_can_do_little() -> None:
    (user,) = set(re.findall(r"useradd .*--uid (\d+) ", (ROOT / "Dockerfile").read_text()))
    for pod in pods():
        security = pod["spec"]["securityContext"]
        assert security["runAsNonRoot"]
        assert {security["runAsUser"], security["runAsGroup"], security["fsGroup"]} == {int(user)}
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not pod["spec"]["automountServiceAccountToken"]
    for container in containers():
        assert container["securityContext"] == {
            "readOnlyRootFilesystem": True,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        }
        # The root is read-only: these are what the image writes to.
        assert {mount["mountPath"] for mount in container["volumeMounts"]} == {
            "/data",
            "/tmp",  # noqa: S108
            "/home/loccit",
        }
    (namespace,) = of_kind("Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_selectors_find_the_pods() -> None:
    labels = {one["metadata"]["name"]: one["spec"]["template"]["metadata"]["labels"] for one in workloads()}
    for workload in workloads():
        assert (
            workload["spec"]["selector"]["matchLabels"].items()
            <= labels[workload["metadata"]["name"]].items()
        )
        for spread in workload["spec"]["template"]["spec"]["topologySpreadConstraints"]:
            assert spread["labelSelector"] == workload["spec"]["selector"]
    for service in of_kind("Service"):
        assert service["spec"]["selector"].items() <= labels["loccit"].items()
    (policy,) = of_kind("NetworkPolicy")
    assert all(policy["spec"]["podSelector"]["matchLabels"].items() <= one.items() for one in labels.values())


def test_the_disruption_budget_leaves_one_replica() -> None:
    (budget,) = of_kind("PodDisruptionBudget")
    (replicas,) = of_kind("StatefulSet")
    assert budget["spec"]["selector"] == replicas["spec"]["selector"]
    (count,) = kustomization(EXAMPLE)["replicas"]
    assert count["name"] == replicas["metadata"]["name"]
    for number in (replicas["spec"]["replicas"], count["count"]):
        assert number - budget["spec"]["maxUnavailable"] >= 1
