"""Measurements that are not questions asked of a collection: each gives several figures at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from benchmarks.answerability import study as answerability
from benchmarks.citations import evidence, reanchoring, resolving, text_fragments, verification
from benchmarks.claims import statements, twins, written_answers
from benchmarks.conflicts import amendments, study as conflicts
from benchmarks.documents import drawn_pages, formats, html, office, parity, pdf, printed_pages, reading_speed
from benchmarks.fitting import reading as public_claims
from benchmarks.gaps import study as gaps
from benchmarks.near_misses import others, study as near_misses
from benchmarks.ocr import questions as ocr_questions, study as ocr
from benchmarks.retrieval import (
    answers,
    columns,
    conversations,
    definitions,
    divided,
    engines,
    everyday,
    headings,
    quantized,
    reading,
    reports,
    tables,
    tatqa,
)
from benchmarks.speed import (
    catching_up,
    concurrent_writes,
    freshness,
    http_load,
    ingest,
    painted,
    peers,
    record_stores,
    verdicts,
)
from benchmarks.walks import study as walks
from evaluation.measures import Estimate

_DOCUMENTS = 600
"""That peers take in: all 5,183 take half an hour, and say the same."""
_HELD_DOCUMENTS = 300
_QUOTES = 1_000
"""Of the half of the documents that no threshold was chosen on; each is edited in 19 ways."""


def _text_fragments() -> Mapping[str, Estimate]:
    return {"highlighted": text_fragments.highlighted(text_fragments.study())}


STUDIES: Mapping[str, Callable[[], Mapping[str, Estimate]]] = {
    "answerability": answerability.study,
    "answerability_read": lambda: answerability.study(read=True),
    "answers": answers.study,
    "columns": lambda: columns.figures(columns.study()),
    "catching_up": catching_up.study,
    "amendments": amendments.study,
    "concurrent_writes": concurrent_writes.study,
    "conflicts": conflicts.study,
    "conversations": conversations.study,
    "definitions": definitions.study,
    "dynamic_int8": quantized.dynamic_study,
    "divided": divided.study,
    "drawn_pages": lambda: {name: outcome.share for name, outcome in drawn_pages.study().items()},
    "engines_by_meaning": engines.by_meaning,
    "gaps": gaps.study,
    "gaps_development": gaps.development,
    "evidence": evidence.study,
    "engines_by_words": engines.by_words,
    "everyday": everyday.study,
    "formats": lambda: formats.figures(formats.study()),
    "freshness": lambda: {"seconds_until_answered": freshness.seconds_until_answered()},
    "headings": headings.study,
    "html": lambda: html.figures(html.study()),
    "http_load": http_load.study,
    "near_misses": near_misses.study,
    "near_misses_by_others": others.study,
    "near_misses_read": lambda: near_misses.study(read=True),
    "ocr": ocr.study,
    "ocr_questions": ocr_questions.study,
    "office": lambda: office.figures(office.study()),
    "painted": painted.study,
    "parity": lambda: parity.figures(parity.study()),
    "pdf": lambda: {name: outcome.share for name, outcome in pdf.study().items()},
    "ingest": ingest.study,
    "peers": lambda: peers.study(_DOCUMENTS),
    "peers_avx2": lambda: peers.held_study(_HELD_DOCUMENTS),
    "same_passages": lambda: ingest.study(_DOCUMENTS, names=list(peers.PEERS)),
    "printed_pages": printed_pages.study,
    "public_claims": public_claims.study,
    "quantized": quantized.study,
    "reading_speed": reading_speed.study,
    "reanchoring": lambda: reanchoring.summary(reanchoring.study(_QUOTES, odd=True)),
    "reading": reading.study,
    "record_stores": record_stores.study,
    "reports": lambda: reports.figures(reports.study()),
    "resolving": resolving.study,
    "statements": statements.study,
    "tables": lambda: tables.figures(tables.study()),
    "tatqa": lambda: tatqa.figures(tatqa.study()),
    "tatqa_formats": lambda: tatqa.format_figures(
        tatqa.study(formats=tuple(tatqa.FORMATS), count=tatqa.IN_FORMATS)
    ),
    "text_fragments": _text_fragments,
    "twins": twins.study,
    "verdicts": verdicts.study,
    "verification": verification.study,
    "walks": walks.study,
    "written_answers": written_answers.study,
}
