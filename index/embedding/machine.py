"""Properties of this machine that determine a model's speed: instruction sets, threads, runtimes."""

import platform
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from index.embedding import backends

BF16 = "bf16"
_CPUINFO = Path("/proc/cpuinfo")
_OF_NUMPY = {"avx2": "AVX2", "avx512": "AVX512F", "vnni": "AVX512VNNI"}


def instruction_sets() -> list[str]:
    """List those of avx2, avx512, vnni, bf16 and amx that this process may use; none on other processors.

    The runtime and NumPy are asked, which read the processor itself, as a process may be held to fewer
    instructions than the system lists. Only AMX, which they do not report, is read from the system.
    """
    # What numpy.show_runtime prints; there is no function that returns it.
    known = import_module("numpy._core._multiarray_umath").__cpu_features__
    found = [name for name, feature in _OF_NUMPY.items() if known.get(feature)]
    if backends.can_run("openvino") and BF16 in backends.load_backend("openvino").precisions():
        found.append(BF16)
        if _has_amx():
            found.append("amx")
    return found


def describe_machine(threads: int, packages: Sequence[str], sets: Sequence[str]) -> list[object]:
    """Describe this machine as JSON values: a choice made on one with another description is made anew."""
    return [platform.machine(), threads, list(sets), {name: _version(name) for name in packages}]


def _has_amx() -> bool:
    try:
        return " amx_bf16" in _CPUINFO.read_text(encoding="utf-8")
    except OSError:
        return False


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
