"""The component inside Haystack's pipelines.

It is imported where it is needed: that takes long, and every process of tests reads this file.
"""

import os

import pytest
from loccit_client import Client

from tests.clients.conftest import Service

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"  # before it is imported

pytestmark = pytest.mark.anyio

QUERY = "harbour master and the keeper's lamp"


def test_documents_and_answers_have_true_offsets(client: Client, service: Service) -> None:
    from loccit_client.haystack import LoccitRetriever

    found = LoccitRetriever(service.url, top_k=3).run(QUERY)
    for document in found["documents"]:
        text = client.documents.text(document.meta["source_id"])
        assert text[document.meta["split_idx_start"] : document.meta["end"]] == document.content
        assert client.cite(document.id).quote == document.content
    scores = [document.score for document in found["documents"]]
    assert scores == sorted(scores, reverse=True)
    (harbour,) = [one for one in found["documents"] if one.meta["source_id"] == "harbour.pdf"]
    assert harbour.meta["page_number"] == 2
    assert found["answers"]
    for answer in found["answers"]:
        span = answer.document_offset
        assert answer.document.content[span.start : span.end] == answer.data
        assert client.cite(answer.meta["locator"]).quote == answer.data
        assert 0 <= answer.score <= answer.document.score


def test_a_pipeline_runs_it_and_is_written_and_read(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    from haystack import Pipeline
    from haystack.components.builders import PromptBuilder
    from haystack.utils import Secret
    from loccit_client.haystack import LoccitRetriever

    monkeypatch.setenv("SECRET_OF_THE_TEST", "no key is needed here")
    key = Secret.from_env_var("SECRET_OF_THE_TEST")
    template = "{% for one in documents %}{{ one.content }} {% endfor %}"
    pipeline = Pipeline()
    pipeline.add_component("retriever", LoccitRetriever(service.url, key=key, top_k=1))
    pipeline.add_component("prompt", PromptBuilder(template, required_variables=["documents"]))
    pipeline.connect("retriever.documents", "prompt.documents")
    read = Pipeline.loads(pipeline.dumps(), allowed_modules=["loccit_client.haystack"])
    for one in (pipeline, read):
        done = one.run({"retriever": {"query": "Which moons has Mars?"}})
        assert done["prompt"]["prompt"].strip() == "Mars has two moons, Phobos and Deimos."
    assert "no key is needed" not in pipeline.dumps()


async def test_an_asynchronous_pipeline_runs_it(service: Service) -> None:
    from haystack import Pipeline
    from loccit_client.haystack import LoccitRetriever

    pipeline = Pipeline()
    pipeline.add_component("retriever", LoccitRetriever(service.url, top_k=5))
    done = await pipeline.run_async({"retriever": {"query": "moons", "top_k": 1}})
    (document,) = done["retriever"]["documents"]
    assert document.meta["source_id"] == "mars.txt"


def test_filters_select_documents(service: Service) -> None:
    from loccit_client.haystack import LoccitRetriever, filter_of

    filters = {
        "operator": "AND",
        "conditions": [
            {"field": "meta.year", "operator": ">", "value": 1900},
            {"field": "meta.year", "operator": "not in", "value": [1859]},
        ],
    }
    for retriever, given in (
        (LoccitRetriever(service.url), filters),
        (LoccitRetriever(service.url, filters=filters), None),
    ):
        found = retriever.run("lamp moons", filters=given)
        assert [one.meta["source_id"] for one in found["documents"]] == ["mars.txt"]
    with pytest.raises(ValueError, match="'NOT'"):
        filter_of({"operator": "NOT", "conditions": []})


def test_improbable_documents_are_left_out(service: Service) -> None:
    from loccit_client.haystack import LoccitRetriever

    every = LoccitRetriever(service.url).run("moons")["documents"]
    likely = LoccitRetriever(service.url, score_threshold=every[0].score).run("moons")["documents"]
    assert len(likely) < len(every)
