"""The service keeps to its OpenAPI document, whatever is sent: schemathesis with all of its checks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from starlette.testclient import TestClient

from index.embedding import Models, WordEmbedder
from index.library import Library
from tests.patience import eventually
from tests.service.http_service import app_of
from tests.sizes import examples

KEY = "secret"
CASES = 10_000
ACCEPTED = ["2xx", "3xx", "400", "401", "403", "404", "409", "410", "413", "415", "422", "429", "5xx"]
"""Statuses of requests that the schemas allow: a schema cannot say all that a question, an id or a file in
some format has to be, and the service answers 422, or 400 in OpenAI's API, to the rest."""
_TOO_MANY = "got `429 Too Many Requests`"
"""What a check with a wrong key meets in the end: its tries all come from one address."""
CONFIG = {"checks": {"positive_data_acceptance": {"expected-statuses": ACCEPTED}}}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    # Models that requests name are here: without their packages 503 would be the answer, as documented.
    models = Models(WordEmbedder(), load=lambda *_: WordEmbedder())
    with Library(tmp_path, embedder=models) as library, TestClient(app_of(library, api_key=KEY)) as client:
        app = client.app
        eventually(lambda: client.get("/readyz").status_code == 200)
        app.state.runtime.job_runner.stop()  # it would fetch the addresses that are sent
        yield client
    assert app.state.undocumented == set()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_answer_is_as_documented(client: TestClient) -> None:
    authorization = {"Authorization": f"Bearer {KEY}"}
    client.put("/v1/documents/a.txt", json={"text": "Mars has two moons."}, headers=authorization)
    document = client.get("/openapi.json", headers=authorization).json()
    schema = schemathesis.openapi.from_dict(document, config=schemathesis.Config.from_dict(CONFIG))
    schema.app = client.app
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) == sum(len(methods) for methods in document["paths"].values())
    failures: dict[str, str] = {}
    sent = 0
    for operation in operations:

        @settings(
            max_examples=examples(CASES // len(operations), few=3),
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        )
        @given(case=operation.as_strategy())
        def send(case: Any) -> None:
            nonlocal sent
            sent += 1
            try:
                case.call_and_validate(session=client, headers=authorization)
            except BaseExceptionGroup as group:
                for one in group.exceptions:
                    if _TOO_MANY not in str(one):
                        failures.setdefault(f"{case.method} {case.operation.path}: {type(one)}", str(one))

        send()
    assert not failures, "\n\n".join(failures.values())
