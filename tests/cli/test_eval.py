import json
from pathlib import Path

from tests.cli.commands import loccit

TOPICS = ("lamp", "harbour", "clock", "bridge", "mill", "orchard", "forge", "ferry", "tower", "well")


def beir(folder: Path) -> Path:
    """A set with 30 questions that can be answered and 30 that cannot."""
    (folder / "qrels").mkdir(parents=True)
    documents = [{"_id": f"{topic}.txt", "text": f"The old {topic} was built by masons."} for topic in TOPICS]
    questions = [
        {"_id": f"{topic}{n}", "text": f"{how} the old {topic}?", "metadata": {"unanswerable": False}}
        for topic in TOPICS
        for n, how in enumerate(("Who built", "Which masons built", "What was"))
    ]
    asked = [{"_id": f"no{n}", "text": f"Tax {n}?", "metadata": {"unanswerable": True}} for n in range(30)]
    for name, rows in (("corpus", documents), ("queries", questions + asked)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    judged = [f"{topic}{n}\t{topic}.txt\t1\n" for topic in TOPICS for n in range(3)]
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(judged))
    return folder


def test_a_beir_folder_is_evaluated_compared_reported_and_calibrated(tmp_path: Path) -> None:
    folder, saved, report = beir(tmp_path / "towns"), tmp_path / "before.json", tmp_path / "report.html"
    first = loccit(tmp_path, "eval", str(folder), "--save", str(saved))
    assert "ndcg@10" in first.stdout
    assert "1.0000" in first.stdout
    assert "AUROC" in first.stdout
    assert json.loads(loccit(tmp_path, "list", "--json").stdout) == []

    compared = ["--compare", str(saved), "--html", str(report), "--calibrate"]
    second = loccit(tmp_path, "eval", str(folder), *compared, LOCCIT_SECOND_LOOK="0")
    assert "against towns" in second.stdout
    assert "Calibrated on 60 questions" in second.stdout
    assert "<svg" in report.read_text()
    weights = tmp_path / "data" / "evaluation" / "collections" / "towns" / "answerability.json"
    assert json.loads(weights.read_text())["provenance"]["questions"] == "towns"


def test_own_questions_are_asked_of_a_collection(tmp_path: Path) -> None:
    documents = tmp_path / "docs"
    documents.mkdir()
    (documents / "mars.txt").write_text("Mars has two moons, Phobos and Deimos.")
    loccit(tmp_path, "ingest", str(documents))
    asked = tmp_path / "own.jsonl"
    asked.write_text(json.dumps({"question": "Which moons has Mars?", "quote": "Phobos and Deimos"}))
    told = loccit(tmp_path, "eval", str(asked)).stdout
    assert "span_recall@1" in told
    asked.write_text("nonsense")
    assert "(invalid_questions)" in loccit(tmp_path, "eval", str(asked), status=1).stderr
