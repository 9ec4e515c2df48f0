"""How LibreOffice is run, with a stand-in that is called as it is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from index.config import ReadingConfig
from index.errors import CorruptDocument, EncryptionNotSupported, ReaderFailed, UnsupportedFormat
from index.readers import InProcessReaders, read
from index.readers.old_office import supervisor
from tests.index.readers.compound_files import compound_file
from tests.index.readers.packages import word
from tests.patience import eventually

pytestmark = pytest.mark.processes

DOC = compound_file({"WordDocument": bytes(5000)})
_HEAD = f"""#!{sys.executable}
import os, sys, time, signal, socket
from pathlib import Path
folder = Path(sys.argv[sys.argv.index("--outdir") + 1])
source = Path(sys.argv[-1])
target, _, writes = sys.argv[sys.argv.index("--convert-to") + 1].partition(":")
result = folder / f"{{source.stem}}.{{target}}"
folder.mkdir()
"""
Install = Callable[[str], Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a stand-in for LibreOffice on the PATH: a Python program; its folder is returned."""

    def install(program: str) -> Path:
        (folder := tmp_path / "bin").mkdir()
        (file := folder / "soffice").write_text(_HEAD + program)
        file.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        return folder

    return install


def test_without_libreoffice_the_refusal_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for suffix, stream in (("doc", "WordDocument"), ("ppt", "PowerPoint Document"), ("xls", "Workbook")):
        with pytest.raises(
            UnsupportedFormat, match=rf"\Aa: .*LibreOffice is installed .* \.{suffix}x, or conv"
        ):
            read(compound_file({stream: b"x"}), name="a", media_type=_media_type(suffix))


def _media_type(suffix: str) -> str:
    return {"doc": "application/msword", "xls": "application/vnd.ms-excel"}.get(
        suffix, "application/vnd.ms-powerpoint"
    )


def test_the_setting_turns_libreoffice_off(install: Install) -> None:
    install("result.write_bytes(b'')")
    with pytest.raises(UnsupportedFormat, match="not switched off"):
        InProcessReaders(ReadingConfig(libreoffice=False)).read(DOC, name="a.doc")


def test_files_of_today_under_an_old_suffix_need_no_libreoffice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = read(word("<w:p><w:r><w:t>Words</w:t></w:r></w:p>"), name="a.doc")
    assert (found.text, found.reader) == ("Words", "doc/1")
    csv = read(b"a,b\n1,2\n", name="a.csv", media_type="application/vnd.ms-excel")
    assert csv.reader.startswith("csv/")


def test_libreoffice_gets_a_profile_without_macros_and_no_secret(
    install: Install, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LOCCIT_API_KEY", "secret")
    (tmp_path / "result").write_bytes(word("<w:p><w:r><w:t>Words</w:t></w:r></w:p>"))
    install(
        f"""
profile = sys.argv[1].removeprefix("-env:UserInstallation=file://")
settings = Path(profile, "user", "registrymodifications.xcu").read_text()
assert '"DisableMacrosExecution" oor:op="fuse"><value>true<' in settings
assert "--headless" in sys.argv and "--infilter=MS Word 97" in sys.argv and writes == "MS Word 2007 XML"
assert "secret" not in os.environ.values()
assert Path(os.environ["HOME"]) == Path.cwd() == source.parent
result.write_bytes(Path({str(tmp_path / "result")!r}).read_bytes())
"""
    )
    assert read(DOC, name="../a b.doc").text == "Words"


@pytest.mark.parametrize(
    ("program", "error", "message"),
    [
        ("", CorruptDocument, "LibreOffice cannot open it"),
        ("sys.exit(1)", CorruptDocument, "LibreOffice cannot open it"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", ReaderFailed, "LibreOffice crashed on it"),
        ("sys.exit(139)", ReaderFailed, "LibreOffice crashed on it"),
        ("result.symlink_to('/etc/passwd')", CorruptDocument, "LibreOffice cannot open it"),
        ("os.truncate(os.open(result, os.O_CREAT | os.O_WRONLY), 300 << 20)", CorruptDocument, "cannot open"),
        ("result.write_bytes(b'PK')", CorruptDocument, "damaged, or not a file"),
    ],
)
def test_failures_are_told(install: Install, program: str, error: type[Exception], message: str) -> None:
    install(program)
    with pytest.raises(error, match=rf"\Aa\.doc: .*{message}"):
        read(DOC, name="a.doc")


@pytest.mark.parametrize(
    ("name", "streams"),
    [
        ("a.doc", {"WordDocument": bytes(10) + b"\x00\x01" + bytes(5000)}),
        ("a.xls", {"Workbook": b"\x09\x08\x02\x00xx\x2f\x00\x06\x00" + bytes(5000)}),
        ("a.ppt", {"PowerPoint Document": bytes(5000), "EncryptedSummary": bytes(5000)}),
    ],
)
def test_a_password_is_the_reason_where_the_file_says_so(
    install: Install, name: str, streams: dict[str, bytes]
) -> None:
    install("")
    with pytest.raises(EncryptionNotSupported):
        read(compound_file(streams), name=name)
    plain = {stream: bytes(5000) for stream in streams if stream != "EncryptedSummary"}
    with pytest.raises(CorruptDocument):
        read(compound_file(plain), name=name)


def test_a_killed_reader_leaves_no_process_and_no_folder(install: Install, tmp_path: Path) -> None:
    (temporary := tmp_path / "tmp").mkdir()
    pid = tmp_path / "pid"
    install(f"Path({str(pid)!r}).write_text(str(os.fork() or os.getpid()) + chr(10))\ntime.sleep(600)")
    (tmp_path / "a.doc").write_bytes(DOC)
    code = "import sys, index.readers as r; r.read(open(sys.argv[1], 'rb').read(), name='a.doc')"
    reader = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "a.doc")],
        env={**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(Path(__file__).parents[4])},
    )
    eventually(lambda: pid.exists() and pid.read_text().endswith("\n"))
    assert [*temporary.iterdir()]
    reader.send_signal(signal.SIGKILL)
    reader.wait()
    eventually(lambda: not psutil.pid_exists(int(pid.read_text())) and not [*temporary.iterdir()])


def test_the_network_is_left_where_the_system_allows_it() -> None:
    code = (
        "import socket, sys; sys.path.insert(0, sys.argv[1]); import supervisor\n"
        "left = supervisor.leave_network()\n"
        "server = socket.create_server(('127.0.0.1', 0)) if not left else None\n"
        "names = [name for _, name in socket.if_nameindex()]\n"
        "assert not left or names == ['lo'], names\n"
        "print(left)"
    )
    folder = str(Path(supervisor.__file__).parent)
    done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in {"True", "False"}


def test_the_status_of_a_signal_is_negative(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    try:
        killed = supervisor.supervise(str(tmp_path), ["sh", "-c", "kill -9 $$"], stdin=reading)
        ended = supervisor.supervise(str(tmp_path), ["sh", "-c", "exit 3"], stdin=reading)
    finally:
        os.close(writing)
    assert (supervisor.to_signed_status(killed), supervisor.to_signed_status(ended)) == (-9, 3)
    assert tmp_path.exists()
    abandoned = supervisor.supervise(str(tmp_path), ["sleep", "600"], stdin=reading)
    os.close(reading)
    assert supervisor.to_signed_status(abandoned) == -9
    assert not tmp_path.exists()
