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
    assert "1.000" in first.stdout
    assert "AUROC" in first.stdout
    assert json.loads(loccit(tmp_path, "list", "--json").stdout) == []

    compared = ["--compare", str(saved), "--html", str(report), "--calibrate"]
    second = loccit(tmp_path, "eval", str(folder), *compared, LOCCIT_DENSE_WEIGHT="0.6")
    assert "against towns" in second.stdout
    assert "Calibrated on 60 questions" in second.stdout
    assert "<svg" in report.read_text()
    weights = tmp_path / "data" / "evaluation" / "collections" / "towns" / "answerability.json"
    assert json.loads(weights.read_text())["provenance"]["questions"] == "towns"


def test_own_questions_are_asked_of_a_collection(tmp_path: Path) -> None:
    asked = ingested(tmp_path)
    asked.write_text(json.dumps({"question": "Which moons has Mars?", "quote": "Phobos and Deimos"}))
    told = loccit(tmp_path, "eval", str(asked)).stdout
    assert "span_recall@1" in told
    asked.write_text("nonsense")
    assert "(invalid_questions)" in loccit(tmp_path, "eval", str(asked), status=1).stderr


def test_first_it_says_how_many_questions_were_answered_and_which_were_not(tmp_path: Path) -> None:
    asked, saved = ingested(tmp_path), tmp_path / "saved.json"
    (tmp_path / "docs" / "venus.txt").write_text("Venus has no moon at all.")
    loccit(tmp_path, "ingest", str(tmp_path / "docs"))
    rows = [
        {"question": "Which moons has Mars?", "quote": "two moons, Phobos and Deimos"},
        {"question": "Has Venus [a] moon?", "quote": "Phobos and Deimos", "id": "other"},
        {"question": "Has Mars moons?", "answerable": False},
    ]
    asked.write_text("".join(json.dumps(row) + "\n" for row in rows))
    told = loccit(tmp_path, "eval", str(asked), "--save", str(saved), LOCCIT_MIN_ANSWERABILITY="0").stdout
    lines = told.splitlines()
    assert lines[0] == "1 of 2 answered, 1 near, 0 wrong."
    assert "1 got one" in lines[1]
    assert told.index("Has Venus [a] moon?") < told.index("span_recall@1")
    near = told[told.index("Near:") : told.index("measure")]
    assert [line.split()[0] for line in near.splitlines()[1:5]] == ["Has", "seen", "expected:", "why:"]
    assert "Venus has no moon at all. (venus.txt)" in near
    assert "passage 2 has the answer" in near
    assert "answered, though the documents do not say (1)" in told

    worse = loccit(tmp_path, "eval", str(asked), "--compare", str(saved), LOCCIT_MIN_ANSWERABILITY="1").stdout
    assert "Against own.jsonl: 1 (3) better, 1 (1) worse." in worse


def ingested(folder: Path) -> Path:
    """Ingest a document about Mars; return where its questions are to be written."""
    documents = folder / "docs"
    documents.mkdir()
    (documents / "mars.txt").write_text("Mars has two moons, Phobos and Deimos.")
    loccit(folder, "ingest", str(documents))
    return folder / "own.jsonl"


def test_questions_whose_quote_is_in_no_document_are_named(tmp_path: Path) -> None:
    asked = ingested(tmp_path)
    rows = [
        {"question": "Which moons has Mars?", "quote": "Phobos and Deimos"},
        *({"question": f"Which is moon {n}?", "quote": f"Moon number {n}."} for n in range(7)),
        {"question": "Has Venus a moon?", "quote": "Phobos and Deimos", "document": "venus.txt"},
    ]
    asked.write_text("".join(json.dumps(row) + "\n" for row in rows))

    failed = loccit(tmp_path, "eval", str(asked), status=1)
    assert failed.stdout == ""
    assert "(missing_quotes)" in failed.stderr
    assert "8 of 9 questions" in failed.stderr
    assert "question 2 ('Moon number 0.')" in failed.stderr
    assert "and 3 more" in failed.stderr
    assert "--skip-missing" in failed.stderr

    saved = tmp_path / "saved.json"
    done = loccit(tmp_path, "eval", str(asked), "--skip-missing", "--save", str(saved))
    assert "left out 8 of 9 questions" in done.stderr
    assert [one["id"] for one in json.loads(saved.read_text())["outcomes"]] == ["1"]


def test_nothing_is_measured_when_every_quote_is_missing(tmp_path: Path) -> None:
    asked = ingested(tmp_path)
    asked.write_text(json.dumps({"question": "Which moons?", "quote": "Io" * 60}))
    failed = loccit(tmp_path, "eval", str(asked), "--skip-missing", status=1)
    assert "(missing_quotes)" in failed.stderr
    assert "Io" * 30 + "…" in failed.stderr


def test_questions_whose_documents_are_missing_are_named(tmp_path: Path) -> None:
    asked = ingested(tmp_path)
    rows = [
        {"question": "Which moons has Mars?", "document": "mars.txt"},
        {"question": "Has Venus a moon?", "document": "venus.txt"},
        {"question": "What is tax?", "answerable": False},
    ]
    asked.write_text("".join(json.dumps(row) + "\n" for row in rows))
    failed = loccit(tmp_path, "eval", str(asked), status=1)
    assert "(missing_documents)" in failed.stderr
    assert "1 of 3 questions" in failed.stderr
    assert "question 2 ('venus.txt')" in failed.stderr
    assert "--skip-missing" in failed.stderr
    done = loccit(tmp_path, "eval", str(asked), "--skip-missing")
    assert "left out 1 of 3 questions" in done.stderr


def test_judged_documents_missing_beside_others_are_told(tmp_path: Path) -> None:
    folder = beir(tmp_path / "towns")
    with (folder / "qrels" / "test.tsv").open("a") as judged:
        judged.write("lamp0\tatlantis.txt\t1\n")
    assert "'atlantis.txt'" in loccit(tmp_path, "eval", str(folder)).stderr


def several_kinds(folder: Path) -> Path:
    """Ingest twelve Markdown documents and a mail; return questions about them, one a draft."""
    documents = folder / "docs"
    documents.mkdir()
    for number in range(12):
        (documents / f"{number}.md").write_text(
            f"# Lamp {number}\n\nLamp {number} stands on rock {number}00.\n"
        )
    mail = "From: ada@example.org\nSubject: Oil\nContent-Type: text/plain\n\nThe oil arrives on Monday.\n"
    (documents / "oil.eml").write_text(mail)
    loccit(folder, "ingest", str(documents))
    rows: list[dict[str, object]] = [
        {"question": f"Where is lamp {n}?", "quote": f"Lamp {n} stands on rock {n}00."} for n in range(12)
    ]
    rows.append({"question": "When does oil arrive?", "quote": "arrives on Monday", "draft": True})
    (folder / "own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder / "own.jsonl"


def test_figures_are_told_by_kind_of_document(tmp_path: Path) -> None:
    told = loccit(tmp_path, "eval", str(several_kinds(tmp_path))).stdout
    markdown = next(line for line in told.splitlines() if "Markdown" in line)
    mail = next(line for line in told.splitlines() if "mail" in line)
    assert [cell.strip() for cell in markdown.split("│")][2:4] == ["12", "1.0 (0.76 to 1.00)"]
    assert "too few" in mail
    assert "below 10 questions there is none" in told


def test_questions_about_one_kind_have_no_second_table(tmp_path: Path) -> None:
    asked = ingested(tmp_path)
    asked.write_text(json.dumps({"question": "Which moons has Mars?", "quote": "Phobos and Deimos"}))
    assert "answered by" not in loccit(tmp_path, "eval", str(asked)).stdout


def test_drafts_are_counted_and_not_calibrated_with(tmp_path: Path) -> None:
    asked, report = several_kinds(tmp_path), tmp_path / "report.html"
    with asked.open("a") as rows:
        rows.write(json.dumps({"question": "Which lamp has oil?", "answerable": False}) + "\n")
    done = loccit(tmp_path, "eval", str(asked), "--html", str(report), "--calibrate")
    assert "drafts among the 14 questions: 1" in done.stderr
    assert "left out of the calibration: 1 draft" in done.stdout
    assert "Calibrated on 13 questions" in done.stdout
    assert "Drafts among these questions: 1" in report.read_text()
