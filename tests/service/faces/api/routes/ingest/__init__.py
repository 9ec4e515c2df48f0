import pytest

# What it asserts for the tests is shown as well as what those assert themselves.
pytest.register_assert_rewrite("tests.service.faces.api.routes.ingest.outcomes")
