import pytest

# What they assert for the tests is shown as well as what those assert themselves.
pytest.register_assert_rewrite("tests.service.access.place", "tests.service.access.probes")
