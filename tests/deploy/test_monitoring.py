"""The dashboard and the alerts use metrics that the service exports, with labels that these have."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from index.embedding import WordEmbedder
from index.library import Library
from service.monitoring.metrics import describe_metrics
from tests.service.http_service import served

ROOT = Path(__file__).resolve().parents[2]
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yaml"
DASHBOARD = ROOT / "deploy" / "grafana" / "loccit.json"
PAGE = (ROOT / "docs" / "running.md").read_text()
OF_PROMETHEUS = {"instance", "job", "le"}
"""Labels that Prometheus adds, and that of the buckets of a histogram."""
METRICS = {one.name: one for one in describe_metrics()}
SERIES = {
    series: set(one.labels)
    for one in METRICS.values()
    for series in (
        [f"{one.name}_bucket", f"{one.name}_sum", f"{one.name}_count"]
        if one.kind == "histogram"
        else [one.name]
    )
}


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text())["panels"]
    return [panel for panel in found if panel["type"] != "row"]


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def expressions() -> Iterator[tuple[str, str]]:
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


@pytest.mark.parametrize(("title", "expression"), list(expressions()))
def test_an_expression_uses_metrics_and_labels_that_exist(title: str, expression: str) -> None:
    used = re.findall(r"\b(loccit_\w+)(?:\{([^}]*)\})?", expression)
    assert used or title == "LoccitDown"
    labels: set[str] = set()
    for series, selectors in used:
        assert series in SERIES, title
        labels |= SERIES[series]
        assert set(re.findall(r"(\w+)\s*[=!]", selectors)) <= SERIES[series] | OF_PROMETHEUS
    for grouped in re.findall(r"\b(?:by|on)\s*\(([^)]*)\)", expression):
        assert set(re.split(r"[,\s]+", grouped)) <= labels | OF_PROMETHEUS


def test_the_dashboard_shows_every_metric_but_these() -> None:
    shown = {
        name
        for panel in panels()
        for target in panel["targets"]
        for name in METRICS
        if name in target["expr"]
    }
    assert METRICS.keys() - shown == {
        "loccit_build_info",  # names the instances
        "loccit_collection_characters",
        "loccit_question_cache_entries",
    }


def test_legends_name_labels_that_their_expression_keeps() -> None:
    for panel in panels():
        for target in panel["targets"]:
            for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                kept = re.findall(r"\bby\s*\(([^)]*)\)", target["expr"]) or [
                    " ".join(SERIES[name]) for name in re.findall(r"loccit_\w+", target["expr"])
                ]
                assert label in " ".join(kept), panel["title"]


def test_panels_do_not_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
    ids = [panel["id"] for panel in json.loads(DASHBOARD.read_text())["panels"]]
    assert len(ids) == len(set(ids))


def test_every_alert_is_explained_and_documented() -> None:
    for rule in rules():
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert set(rule["annotations"]) == {"summary", "description"}
        assert f"| `{rule['alert']}` |" in PAGE
    assert set(re.findall(r"^\| `(Loccit\w+)` \|", PAGE, re.MULTILINE)) == {rule["alert"] for rule in rules()}


def promtool(*arguments: str, stdin: str = "") -> None:
    command = shutil.which("promtool")
    if command is None:
        pytest.skip("promtool is not installed (Debian: promtool)")
    done = subprocess.run(
        [command, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.processes
def test_prometheus_takes_the_alerts() -> None:
    promtool("check", "rules", "--lint=all", "--lint-fatal", str(ALERTS))


@pytest.mark.processes
def test_alerts_fire_when_they_should_and_at_no_other_time() -> None:
    promtool("test", "rules", "alerts.test.yaml")


@pytest.mark.processes
def test_prometheus_takes_the_expressions_of_the_dashboard(tmp_path: Path) -> None:
    recorded = [
        {
            "record": f"panel:{number}",
            "expr": expression.replace("$__rate_interval", "1m").replace("$instance", ".*"),
        }
        for number, (_, expression) in enumerate(expressions())
    ]
    written = tmp_path / "rules.yaml"
    written.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": recorded}]}))
    promtool("check", "rules", str(written))


@pytest.mark.processes
def test_the_service_exports_what_is_described_and_prometheus_finds_nothing_to_mend(tmp_path: Path) -> None:
    with Library(tmp_path, embedder=WordEmbedder()) as library, served(library) as client:
        client.put("/v1/documents/mars.txt?wait=true", content="Mars has two moons.")
        client.post("/v1/ask", json={"question": "Which moons?"})
        text = client.get("/metrics").text
    own = {
        name: one for name, one in METRICS.items() if not name.startswith("loccit_store_")
    }  # of a database
    assert set(re.findall(r"^# TYPE (\w+) ", text, re.MULTILINE)) == own.keys()
    for one in own.values():
        assert f"# TYPE {one.name} {one.kind}\n" in text
        assert f"# HELP {one.name} {one.text}\n" in text
    promtool("check", "metrics", stdin=text)


@pytest.mark.processes
def test_prometheus_takes_the_configuration_in_the_documentation(tmp_path: Path) -> None:
    (block,) = re.findall(r"```yaml\n(.*?scrape_configs.*?)```", PAGE, re.DOTALL)
    (tmp_path / "alerts.yaml").write_text(ALERTS.read_text())
    (tmp_path / "key").write_text("hunter2")
    written = tmp_path / "prometheus.yml"
    written.write_text(
        block.replace("/etc/prometheus/alerts.yaml", "alerts.yaml").replace(
            "/etc/prometheus/loccit.key", "key"
        )
    )
    promtool("check", "config", str(written))
