"""The locks hold what pyproject.toml asks for, in the versions that these tests run with, with hashes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ROOT / "locks"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PLATFORMS: list[Mapping[str, str]] = [
    {
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": system,
        "platform_machine": machine,
        "platform_system": {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}[system],
        "os_name": "nt" if system == "win32" else "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    for python in ("3.11", "3.12", "3.13")
    for system, machine in (
        ("linux", "x86_64"),
        ("linux", "aarch64"),
        ("darwin", "arm64"),
        ("win32", "AMD64"),
    )
]


def locked(name: str) -> dict[str, tuple[Requirement, list[str]]]:
    """Each requirement of a lock with its hashes, by its name."""
    lines = (LOCKS / f"{name}.txt").read_text().replace("\\\n", " ").splitlines()
    found = {}
    for line in lines:
        if line.strip() and not line.lstrip().startswith("#"):
            requirement, *hashes = re.split(r"\s+--hash=", line.strip())
            one = Requirement(requirement)
            found[canonicalize_name(one.name)] = one, hashes
    return found


def pinned(requirement: Requirement) -> str:
    (only,) = requirement.specifier
    assert only.operator == "=="
    return only.version


def is_for(requirement: Requirement, platform: Mapping[str, str]) -> bool:
    return requirement.marker is None or requirement.marker.evaluate(dict(platform))


def constraints() -> dict[str, str]:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line]
    return {canonicalize_name(name): pin for name, pin in (line.split("==") for line in lines)}


def wanted(*extras: str) -> Iterator[Requirement]:
    """The requirements of the project with these extras, and with the extras that they name."""
    requirements = [*PROJECT["dependencies"]]
    for extra in extras:
        requirements += PROJECT["optional-dependencies"][extra]
    for requirement in map(Requirement, requirements):
        if requirement.name == PROJECT["name"]:
            yield from wanted(*requirement.extras)
        else:
            yield requirement


@pytest.mark.parametrize("name", ["runtime", "image", "dev", "torch", "docs", "uv"])
def test_every_requirement_has_one_version_and_hashes(name: str) -> None:
    assert locked(name)
    for requirement, hashes in locked(name).values():
        assert pinned(requirement)
        assert hashes
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes)


@pytest.mark.parametrize(
    ("name", "extras"), [("runtime", ()), ("image", ("postgresql", "s3", "sources")), ("dev", ("dev",))]
)
def test_a_lock_has_what_the_project_asks_for_on_every_platform(name: str, extras: tuple[str, ...]) -> None:
    lock = locked(name)
    for requirement in wanted(*extras):
        if requirement.name != "torch":
            one, _ = lock[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(pinned(one))
            assert all(is_for(one, platform) for platform in PLATFORMS)


def test_what_builds_the_documentation_is_locked_apart() -> None:
    lock, asked = locked("docs"), PROJECT["optional-dependencies"]["docs"]
    lines = (LOCKS / "docs.in").read_text().splitlines()
    assert sorted(line for line in lines if not line.startswith("#")) == sorted(asked)
    for requirement in map(Requirement, asked):
        assert requirement.specifier.contains(pinned(lock[requirement.name][0]))
    assert not lock.keys() & {"loccit", "torch", "fastapi"}


@pytest.mark.processes
def test_a_lock_has_what_its_libraries_need() -> None:
    """Installed without dependencies, nothing would be missing; ``make setup`` checks it where it runs."""
    command = [sys.executable, "-m", "pip", "check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_locks_agree_with_each_other_and_with_the_constraints() -> None:
    runtime, image, dev, torch = (locked(name) for name in ("runtime", "image", "dev", "torch"))
    assert runtime.keys() < image.keys() < dev.keys()
    for name, (requirement, hashes) in [*runtime.items(), *image.items()]:
        same, its_hashes = dev[name]
        assert pinned(same) == pinned(requirement)
        assert its_hashes == hashes
        # What development adds may need a library on more platforms.
        assert all(is_for(same, one) for one in PLATFORMS if is_for(requirement, one))
    for name in image.keys() & torch.keys():
        assert pinned(image[name][0]) == pinned(torch[name][0])
    pins = constraints()
    for name, (requirement, _) in dev.items():
        if any(is_for(requirement, one) for one in PLATFORMS):
            assert name in pins, f"{name} is missing in constraints.txt"
        assert pins.get(name, pinned(requirement)) == pinned(requirement), f"{name}: run make lock"
    assert pins.keys() - dev.keys() == set(), "constraints.txt names libraries that nothing needs"


def test_what_depends_on_the_machine_is_in_the_lock_of_torch_alone() -> None:
    for_gpus = re.compile(r"torch|triton|(nvidia|cuda)-.*")
    assert "torch" in locked("torch")
    for name in ("runtime", "image", "dev"):
        assert not [one for one in locked(name) if for_gpus.fullmatch(one)]
    supported = Requirement(next(one for one in PROJECT["dependencies"] if one.startswith("torch")))
    assert supported.specifier.contains(pinned(locked("torch")["torch"][0]))


def test_the_tests_run_with_the_locked_versions() -> None:
    for name, (requirement, _) in locked("dev").items():
        if requirement.marker is None or requirement.marker.evaluate():
            assert version(name) == pinned(requirement), f"{name}: run make setup"


@pytest.mark.processes
def test_every_library_has_a_licence_that_lets_others_keep_theirs() -> None:
    names = ["torch", *locked("image")]
    command = [sys.executable, "-m", "piplicenses", "--from=mixed", "--format=json", "--packages", *names]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    licences = {one["Name"]: one["License"] for one in json.loads(done.stdout)}
    assert len(licences) > 80
    free = re.compile(r"Apache|BSD|MIT|MPL|Mozilla|ISC|PSF|LGPL|Lesser")
    assert {name: licence for name, licence in licences.items() if not free.search(licence)} == {}
