import pytest

# What it asserts for the tests is shown as well as what they assert themselves.
pytest.register_assert_rewrite("tests.service.http_service")
