"""The model that lies tells a true sentence of the passage first, and then one that is not its."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx
from starlette.applications import Starlette
from starlette.routing import Route

from benchmarks.claims.lying_model import KINDS, LyingModel

SENTENCES = [
    "The keeper of the tower was Samuel Osgood until the year 1841 at least.",
    "The lamp burned 24 gallons of whale oil in every month of the winter.",
    "His daughter was called Hannah Osgood and has kept the lamp for 9 years.",
    "The stairs of the tower have 199 steps of granite from the quarry.",
]
OTHER = "The bell was cast of bronze by the founder of the harbour town."


def prompt(number: int) -> str:
    """The passage in another order each time, for what the model says depends on it alone."""
    order = sorted(SENTENCES, key=lambda one: hash((number, len(one), one.count("e") * number)))
    passages = (" ".join(order), f"Question {number} is another.", OTHER)
    written = (f"#ab passage {at}\nA\n\n{text}\n#ab end" for at, text in enumerate(passages, 1))
    return "\n\n".join([*written, "Question: Who?"])


def told(model: LyingModel, times: int) -> None:
    app = Starlette(routes=[Route("/", model.answer, methods=["POST"])])

    async def ask() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://model") as client:
            for number in range(times):
                message = {"role": "user", "content": prompt(number)}
                await client.post("/", json={"messages": [message]})

    asyncio.run(ask())


def test_it_tells_each_kind_of_lie_as_often_as_it_is_told() -> None:
    model = LyingModel(["Napoleon", "Wellington"], seed=1, each=2)
    told(model, 60)
    said = [one for one in model.said if one is not None]
    assert Counter(one.kind for one in said) == dict.fromkeys(KINDS, 2)
    assert model.said[-1] is None
    for one in said:
        assert f"{one.true.removesuffix(' [1].')}." in SENTENCES
        repeated = f"{one.lie.rpartition(' [')[0]}." in SENTENCES
        assert repeated == (one.kind == "wrong mark")
        assert one.lie.endswith(" [1].") == (one.kind != "wrong mark")
