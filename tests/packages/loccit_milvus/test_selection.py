"""A filter admits in Milvus what it admits in the record, whatever its values are."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings as drawn, strategies as st
from loccit_milvus.engine import MilvusEngine
from loccit_milvus.server import Hits, any_of
from loccit_milvus.side import best

from index.filters import Filter, ReadableBy, parse_filter
from index.protocols import RecordStore
from index.types import Ids
from tests.contracts.documents import document, put
from tests.contracts.test_engine import embed, vector
from tests.sizes import examples

HOSTILE = ['"', "'", "\\", '" or id >= 0 or "', "x'] or document in [1", "%", "_", "\x00", "ä", "𝄞", "", " "]
KEYS = ["kind", "year", "tags", 'a"b', "$meta", "document"]
_values = st.one_of(st.sampled_from(HOSTILE), st.integers(-2, 2), st.booleans(), st.floats(-2, 2))


def _comparison(kind: str) -> st.SearchStrategy[dict[str, object]]:
    values = _values if kind in ("eq", "ne") else _values.filter(lambda one: not isinstance(one, bool))
    given = st.lists(_values, max_size=3) if kind in ("in", "nin") else values
    return st.fixed_dictionaries({"type": st.just(kind), "key": st.sampled_from(KEYS), "value": given})


_comparisons = st.sampled_from(["eq", "ne", "gt", "gte", "lt", "lte", "in", "nin"]).flatmap(_comparison)
_filters = st.recursive(
    _comparisons,
    lambda parts: st.fixed_dictionaries(
        {"type": st.sampled_from(["and", "or"]), "filters": st.lists(parts, min_size=1, max_size=3)}
    ),
    max_leaves=4,
)


def fill(store: RecordStore) -> None:
    for number, value in enumerate([*HOSTILE, 0, 1, True, 1.5]):
        metadata = {KEYS[number % len(KEYS)]: value, "tags": [value, number % 3], "year": number % 5 - 2}
        groups = ["staff"] if number % 4 == 0 else []
        put(
            store,
            [document(f"d{number}", "The lamp was lit. The lamp is out.", metadata=metadata, groups=groups)],
        )
    embed(store)


@pytest.fixture
def filled(store: RecordStore, engine: MilvusEngine) -> MilvusEngine:
    fill(store)
    engine.update()
    return engine


def admitted(store: RecordStore, where: Filter) -> set[int]:
    """The passages of the documents that the record selects."""
    with store.snapshot() as moment:
        keys = set(moment.select(where).tolist())
        return {one.id for one in moment.added_texts(0, moment.change) if one.document in keys}


@given(_filters)
@drawn(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_filter_admits_what_the_record_selects(
    store: RecordStore, filled: MilvusEngine, given: dict[str, object]
) -> None:
    where = parse_filter(given)
    expected = admitted(store, where)
    found = filled.search("lamp", vector("lamp"), 100, where=where)
    assert set(found.dense.ids.tolist()) == set(found.lexical.ids.tolist()) == expected
    assert set(filled.search_words("lamp", 100, where=where).tolist()) == expected


def test_groups_count_as_they_are_in_the_record_now(store: RecordStore, filled: MilvusEngine) -> None:
    everyone = ReadableBy(frozenset())
    before = set(filled.search("lamp", vector("lamp"), 100, where=everyone).dense.ids.tolist())
    store.describe("d1", {}, source="d1", groups=["staff"])
    after = set(filled.search("lamp", vector("lamp"), 100, where=everyone).dense.ids.tolist())
    assert after == admitted(store, everyone) < before


def test_an_expression_has_nothing_but_integers() -> None:
    assert any_of("document", np.array([3, 5], np.int64).tolist()) == "document in [3,5]"
    with pytest.raises(ValueError, match="invalid literal"):
        any_of("document", ["1] or id in [2"])  # type: ignore[list-item]


@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 500, 12_000, 25_000, 29_999]), st.integers(1, 200))
@drawn(max_examples=examples(30))
def test_the_best_among_any_number_of_documents_are_exact(seed: int, documents: int, n: int) -> None:
    random = np.random.default_rng(seed)
    of = random.integers(0, 30_000, 40_000)
    scores = random.random(40_000).astype(np.float32)
    keys = np.sort(random.choice(30_000, documents, replace=False))

    def search(expression: str, limit: int) -> Hits:
        rows: Ids = np.arange(40_000)
        if expression:
            among = np.array(expression.removeprefix("document in [").removesuffix("]").split(","), np.int64)
            assert len(among) <= 10_000
            rows = rows[np.isin(of, among)]
        order = rows[np.argsort(-scores[rows], kind="stable")][:limit]
        assert limit <= 16_384
        return Hits(order, of[order], scores[order])

    rows = np.flatnonzero(np.isin(of, keys))
    expected = rows[np.lexsort((rows, -scores[rows]))][:n]
    assert best(search, n, keys).ids.tolist() == expected.tolist()
