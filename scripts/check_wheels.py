"""List the libraries in constraints.txt that have no wheel for a supported platform: ``make wheels``.

Asks the package index. Ends with 1 for a library that is not in ``COMPILED``.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

CONSTRAINTS = Path(__file__).resolve().parents[1] / "constraints.txt"
PYTHONS = ("3.11", "3.12", "3.13")
PLATFORMS = {
    "Linux x86-64": [f"manylinux_2_{minor}_x86_64" for minor in range(28, 16, -1)] + ["manylinux2014_x86_64"],
    "Linux arm64": [f"manylinux_2_{minor}_aarch64" for minor in range(31, 16, -1)],
    "macOS arm64": ["macosx_14_0_arm64"],
}
COMPILED = {"Linux arm64": {"pytrec_eval-terrier"}}
"""Libraries that pip compiles there. docs/running.md names them."""
_MISSING = re.compile(r"No matching distribution found for ([\w.-]+)")


def missing(requirements: list[str], python: str, tags: list[str]) -> set[str]:
    """Names of the requirements that have no wheel. pip reports one, so it runs until none is left."""
    found: set[str] = set()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--no-deps"]
        command += ["--disable-pip-version-check", "--ignore-installed", f"--target={folder}"]
        command += ["--only-binary=:all:", f"--python-version={python}"]
        command += [f"--platform={tag}" for tag in tags]
        while True:
            left = [line for line in requirements if line.split("==")[0] not in found]
            done = subprocess.run([*command, *left], capture_output=True, text=True, check=False)  # noqa: S603
            if done.returncode == 0:
                return found
            if (name := _MISSING.search(done.stderr)) is None:
                raise SystemExit(done.stderr)
            found.add(name[1])


def main() -> None:
    """Check each platform with each version of Python."""
    lines = CONSTRAINTS.read_text().splitlines()
    requirements = [line for line in lines if line and not line.startswith("#")] + ["torch>=2.6"]
    unexpected = False
    for platform, tags in PLATFORMS.items():
        for python in PYTHONS:
            names = missing(requirements, python, tags)
            unexpected = unexpected or not names <= COMPILED.get(platform, set())
            told = f"no wheel for {', '.join(sorted(names))}" if names else "all have wheels"
            print(f"{platform}, Python {python}: {told}", flush=True)  # noqa: T201
    sys.exit(unexpected)


if __name__ == "__main__":
    main()
