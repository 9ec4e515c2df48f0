import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.avx2 import CannotHold, environment


def can_hold() -> bool:
    cpus = Path("/proc/cpuinfo")
    return cpus.exists() and " cpuid_fault " in cpus.read_text() and shutil.which("cc") is not None


CAPABILITIES = "import openvino; print(openvino.Core().get_property('CPU', 'OPTIMIZATION_CAPABILITIES'))"


@pytest.mark.processes
def test_a_program_that_is_held_sees_no_instructions_after_avx2(tmp_path: Path) -> None:
    if not can_hold():
        with pytest.raises(CannotHold, match=r"C compiler|Intel"):
            environment(tmp_path)
        return
    held = environment(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", CAPABILITIES],
        env={**os.environ, **held},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "FP32" in done.stdout
    assert "BF16" not in done.stdout


@pytest.mark.processes
def test_without_a_compiler_the_error_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotHold, match=r"C compiler|Intel"):
        environment(tmp_path)
