"""What the documentation says is held against the program."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from index import errors as library_errors
from index.filters import parse_filter
from index.readers import MEDIA_TYPES
from scripts import remedies
from scripts.build_docs import with_tables
from scripts.error_reference import UNSEEN, kinds
from scripts.limits_reference import LIMITS
from service import errors as service_errors
from service.errors import status_of
from service.settings import PREFIX, Settings
from tests.cli.commands import loccit, started

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
API = (ROOT / "docs" / "http-api.md").read_text()
SETTINGS = (ROOT / "docs" / "settings.md").read_text()
ERRORS = (ROOT / "docs" / "reference" / "errors.md").read_text()
RUNNING = (ROOT / "docs" / "running.md").read_text()


def codes() -> dict[str, int]:
    kinds = [
        kind
        for module in (library_errors, service_errors)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, library_errors.LoccitError)
    ]
    return {kind.code: status_of(kind) for kind in kinds if not kind.__subclasses__()}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_tables_are_what_make_docs_writes(page: Path) -> None:
    assert page.read_text() == with_tables(page.read_text())


def test_every_setting_is_documented() -> None:
    for name, field in Settings.model_fields.items():
        assert f"| `{PREFIX}{name.upper()}` |" in SETTINGS
        assert field.description
        assert field.description in SETTINGS


def test_every_line_of_the_threat_model_names_tests_that_show_it() -> None:
    _, _, model = RUNNING.partition("## Threat model")
    lines = [line for line in model.partition("\n## ")[0].splitlines() if line.startswith("| ")][2:]
    assert len(lines) > 9
    for line in lines:
        assert re.findall(r"`tests/[\w/]+\.py`", line.rpartition(" | ")[2]), line


def test_every_error_is_in_the_table_with_its_status() -> None:
    rows = dict(re.findall(r"^\| (\d{3}) \| (.+) \|$", ERRORS, re.MULTILINE))
    documented = {
        code: int(status) for status, row in rows.items() for code in re.findall(r"`([a-z_]+)`", row)
    }
    expected = {code: status for code, status in codes().items() if code not in UNSEEN}
    assert documented == expected | {"invalid_url": 422}


def test_every_error_says_what_to_do() -> None:
    groups = ("REQUESTS", "MISSING", "DOCUMENTS", "OPERATION", "COMMANDS", "CLIENT")
    told = [code for name in groups for code in getattr(remedies, name)]
    assert len(told) == len(set(told))
    assert set(told) == set(kinds()) >= set(codes())
    assert re.findall(r"^### `(\w+)`$", ERRORS, re.MULTILINE) == told
    for setting in re.findall(rf"{PREFIX}(\w+)", ERRORS):
        assert setting.lower() in Settings.model_fields, setting


def test_every_limit_is_in_the_tables_of_limits() -> None:
    rows = [row for group in LIMITS.values() for row in group]
    bounds = re.compile(r"max_\w+|\w+_(?:seconds|megabytes|limit)")
    assert {name for name in Settings.model_fields if bounds.fullmatch(name)} <= {row.bound for row in rows}
    assert {row.code for row in rows} - {""} <= set(kinds())


def test_every_page_is_in_the_table_of_the_first_one() -> None:
    index = ROOT / "docs" / "index.md"
    linked = {
        (index.parent / target).resolve() for target in re.findall(r"\]\(([^)#]+)\)", index.read_text())
    }
    assert linked == set(PAGES) - {index, ROOT / "README.md"}


def test_every_ending_is_in_the_table_of_formats() -> None:
    formats = (ROOT / "docs" / "formats.md").read_text()
    for suffix, media_type in MEDIA_TYPES.items():
        assert f"`{suffix}`" in formats or media_type == "text/x-source-code", suffix


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings_that_are_there(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#?([^)]*)\)", without_code(page.read_text())):
        if not target.startswith("https://"):
            file = page.parent / target if target else page
            assert file.exists(), target
            assert not anchor or anchor in anchors(file.read_text()), f"{target}#{anchor}"


def without_code(text: str) -> str:
    text = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`[^`\n]*`", "code", text)


def anchors(text: str) -> set[str]:
    """Anchors of the headings, as GitHub makes them."""
    text = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_paths_of_code_in_the_pages_exist(page: Path) -> None:
    folders = "benchmarks|cli|clients|evaluation|index|scripts|service|tests|training"
    for path in re.findall(rf"`((?:{folders})/[\w./-]*)`", page.read_text()):
        assert (ROOT / path).exists(), path


def test_every_thread_is_in_the_architecture() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    named = re.compile(r'name(?:_prefix)?=f?"(loccit-[\w-]+?)-?(?:\{|")')
    files = [path for folder in ("index", "service") for path in (ROOT / folder).rglob("*.py")]
    started = {name for path in files for name in named.findall(path.read_text())}
    assert len(started) > 15
    assert [name for name in sorted(started) if f"`{name}" not in page] == []


def test_every_pool_is_in_the_architecture() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    pools = (ROOT / "service" / "state" / "limits" / "pools.py").read_text()
    for name in re.findall(r'Pool\("([\w-]+)"', pools):
        assert f"`{name}`" in page or f"`loccit-{name}`" in page, name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_json_in_the_pages_is_json(page: Path) -> None:
    for block in re.findall(r"```json\n(.*?)```", page.read_text(), re.DOTALL):
        json.loads(block)


def test_the_filters_in_the_pages_are_accepted() -> None:
    blocks = [found for found in re.findall(r"```json\n(.*?)```", API, re.DOTALL) if '"filters"' in found]
    assert blocks
    for block in blocks:
        assert parse_filter(json.loads(block)) is not None, block


def test_the_commands_of_the_readme_exist() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for page in ("README.md", "CONTRIBUTING.md", "docs/install.md", "docs/tutorial.md"):
        used = re.findall(r"^make ([a-z-]+)", (ROOT / page).read_text(), re.MULTILINE)
        assert used, page
        assert set(used) <= set(targets), page


def test_every_folder_of_code_is_in_the_page_for_contributors() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text()
    for folder in re.findall(r"^\| `([\w/.]+)` \|", page, re.MULTILINE):
        assert (ROOT / folder).exists(), folder
    for folder in ("corpus", "index", "service", "cli", "clients", "benchmarks", "training", "docs", "tests"):
        assert f"| `{folder}/` |" in page


@pytest.mark.processes
def test_the_python_example_of_the_readme_runs_without_any_library(tmp_path: Path) -> None:
    example, bot = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert bot in (ROOT / "docs" / "integrations" / "support-bot.md").read_text()  # which is run
    loccit(tmp_path, "ingest", str(ROOT / "corpus"))
    with started(tmp_path) as (_, client):
        script = example.replace("http://127.0.0.1:8000", str(client.base_url).rstrip("/"))
        command = [sys.executable, "-I", "-S", "-c", script]  # -S: without site-packages
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "bm25" in done.stdout
