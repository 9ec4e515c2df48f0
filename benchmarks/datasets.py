"""Question sets: BEIR folders, and plain lists of questions with the quote that answers each."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.ingest import Source


@dataclass(frozen=True, slots=True)
class Quote:
    """A question, and the words that answer it; none when nothing does."""

    question: str
    quote: str | None


def jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a file of JSON lines."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def beir_sources(folder: Path) -> Iterator[Source]:
    """The documents of a BEIR folder, each with its title."""
    for row in jsonl(folder / "corpus.jsonl"):
        yield Source(
            str(row["_id"]), row["text"].encode(), media_type="text/plain", title=row.get("title", "")
        )


def beir_questions(folder: Path, split: str = "test") -> tuple[dict[str, str], dict[str, dict[str, int]]]:
    """Questions by id, and for each the relevance of documents by id."""
    relevant: dict[str, dict[str, int]] = {}
    with (folder / "qrels" / f"{split}.tsv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            relevant.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    texts = {str(row["_id"]): row["text"] for row in jsonl(folder / "queries.jsonl")}
    return {id_: texts[id_] for id_ in relevant}, relevant


def quotes(path: Path) -> list[Quote]:
    """Questions with their quotes."""
    return [Quote(row["question"], row.get("quote")) for row in jsonl(path)]
