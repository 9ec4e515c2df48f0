"""Write the hashed locks in locks/ again, from pyproject.toml and constraints.txt: ``make lock``.

uv resolves them for all platforms and versions of Python at once. torch has a lock of its own: which build
of it is right depends on the machine, and so do the libraries that only its builds for GPUs need.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_OPTIONS = (
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-annotate",
    "--custom-compile-command=make lock",
    "--quiet",
)
_CONSTRAINTS = "--constraints=constraints.txt"
_FOR_GPUS = re.compile(r"(torch|triton|(?:nvidia|cuda)-[\w-]+)==")


def compile_lock(output: str, *arguments: str) -> str:
    """Resolve requirements into a lock; returns its text. Raises :class:`subprocess.CalledProcessError`."""
    command = ["uv", "pip", "compile", *_OPTIONS, *arguments, f"--output-file={output}"]
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603
    return (ROOT / output).read_text()


def main() -> None:
    """Write the seven locks. Those of uv, the documentation and Canaille are of environments of their own."""
    compile_lock("locks/uv.txt", "locks/uv.in")
    compile_lock("locks/docs.txt", "locks/docs.in")
    compile_lock("locks/canaille.txt", "locks/canaille.in")
    torch = compile_lock("locks/torch.txt", "locks/torch.in", _CONSTRAINTS)
    without = [f"--no-emit-package={name}" for name in _FOR_GPUS.findall(torch)]
    sources = ("pyproject.toml", "locks/build.in", "locks/torch.in", _CONSTRAINTS, *without)
    compile_lock("locks/runtime.txt", *sources)
    compile_lock("locks/image.txt", *sources, "--extra=postgresql", "--extra=s3", "--extra=sources")
    compile_lock("locks/dev.txt", *sources, "--extra=dev")


if __name__ == "__main__":
    sys.exit(main())
