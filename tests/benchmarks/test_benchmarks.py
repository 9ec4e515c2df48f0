"""Claims are conditions that were measured, and pages claim nothing else."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import processor
from benchmarks.run import Bench, Condition, conditions, processors, results, stored, verdict
from evaluation.measures import Estimate

ROOT = Path(__file__).resolve().parents[2]


def test_every_condition_is_named_once_and_every_result_has_one() -> None:
    names = [one.name for one in conditions()]
    assert len(names) == len(set(names))
    assert results().keys() <= set(names)


@pytest.mark.parametrize(("page", "figures"), [("README.md", 3), ("docs/speed.md", 15)])
def test_every_figure_of_a_page_is_the_one_measured(page: str, figures: int) -> None:
    text = (ROOT / page).read_text()
    rows = re.findall(r"(\d[\d.,]*) <!-- ([\w-]+) -->", text)
    assert len(rows) == figures
    kept = results()
    missed = {one.name for one in conditions() if one.name in kept and one.is_missed_by(kept[one.name])}
    for line in text.splitlines():
        assert not missed.intersection(re.findall(r"<!-- ([\w-]+) -->", line)) or "✗" in line, line
    for told, name in rows:
        estimate = kept[name]
        shown = re.findall(r"\d+\.\d+|\d+", told)
        expected = f"{estimate.value:.{len(shown[0].partition('.')[2])}f}"
        of_all = f"{round(estimate.value * estimate.questions)}"
        assert shown[0] in (expected, of_all), f"{name} is {estimate.value}, not {told}"


def test_what_the_readme_tells_of_others_is_kept_with_the_condition() -> None:
    (scifact,) = [one for one in conditions() if one.name == "scifact"]
    (row,) = [line for line in (ROOT / "README.md").read_text().splitlines() if "<!-- scifact -->" in line]
    others = {str(one["value"]) for one in scifact.others}
    assert set(re.findall(r"0\.\d+", row)) <= {
        *others,
        str(scifact.at_least),
        f"{results()['scifact'].value:.3f}",
    }


def test_every_time_is_kept_and_shown_with_the_processor_that_it_was_measured_on() -> None:
    on, table = processors(), (ROOT / "docs" / "evaluation.md").read_text()
    timed = {"catching_up", "concurrent_writes", "http_load", "ingest"}
    timed |= {"peers", "peers_avx2", "record_stores", "verdicts", "ocr"}
    assert on.keys() == {one.name for one in conditions() if one.study in timed and one.name in results()}
    for name, its in on.items():
        (row,) = re.findall(rf"^\| `{name}` \| .*$", table, re.MULTILINE)
        assert its in row
    kept = {"a": Estimate(0.5, 0.4, 0.6, 10), "b": Estimate(1, 1, 1, 1)}
    written = json.loads(stored(kept, {"b": "A processor (avx2)"}))
    assert written["a"].keys() == {"value", "low", "high", "questions"}
    assert written["b"]["processor"] == "A processor (avx2)"


def test_a_processor_is_described_by_its_name_and_what_programs_use_of_it() -> None:
    assert re.fullmatch(r".+ \(.+\)", processor.describe())
    assert processor.describe(held=True).endswith(" held to AVX2 (avx2)")


@pytest.mark.parametrize(
    ("measured", "limits", "told"),
    [
        (0.5, {}, "ok"),
        (0.504, {}, "moved +0.0040"),
        (0.65, {"at_most": 0.6}, "moved above"),
        (0.3, {"at_most": 0.6}, "ok"),
        (0.504, {"at_most": 0.4}, "moved +0.0040"),
        (0.501, {"at_most": 0.4}, "ok"),
        (0.499, {"at_least": 0.5}, "moved below 0.5"),
        (0.499, {"at_least": 0.6}, "ok"),
    ],
)
def test_what_moved_is_told(measured: float, limits: dict[str, float], told: str) -> None:
    condition = replace(Condition("a", "", "ndcg@10"), **limits)  # type: ignore[arg-type]
    assert told in verdict(condition, Estimate(measured, 0, 1, 10), Estimate(0.5, 0, 1, 10))


def test_what_is_not_there_is_not_measured(tmp_path: Path) -> None:
    missing = Condition("a", "", "ndcg@10", data="../no-such-folder-here")
    assert Bench(tmp_path).measured(missing) is None
    assert "no data" in verdict(missing, None, None)
    assert "new" in verdict(missing, Estimate(0.5, 0, 1, 10), None)


def test_every_result_is_inside_its_interval() -> None:
    for name, one in results().items():
        assert one.low <= one.value <= one.high, name


def test_the_table_marks_aims_that_are_missed() -> None:
    kept, table = results(), (ROOT / "docs" / "evaluation.md").read_text()
    for one in conditions():
        if one.name in kept:
            (row,) = re.findall(rf"^\| `{one.name}` \| .*$", table, re.MULTILINE)
            assert ("✗ missed" in row) == one.is_missed_by(kept[one.name])
