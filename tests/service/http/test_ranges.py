"""Range requests, by RFC 9110."""

import pytest

from service.errors import RangeNotSatisfiable
from service.http.ranges import is_known, requested_range

ETAG = '"abc"'


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=2-4", (2, 5)),
        ("bytes=2-", (2, 10)),
        ("bytes=2-99", (2, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-99", (0, 10)),
        ("Bytes= 1-2 ", (1, 3)),
        ("bytes=4-2", None),
        ("bytes=-", None),
        ("bytes=0-1,3-4", None),
        ("lines=0-1", None),
        ("bytes=a-b", None),
        ("bytes=1e3-", None),
        ("", None),
    ],
)
def test_one_range_is_answered_and_others_are_ignored(given: str, part: tuple[int, int] | None) -> None:
    assert requested_range({"range": given}, 10, ETAG) == part


@pytest.mark.parametrize("given", ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=999999999999999999-"])
def test_a_range_behind_the_end_is_refused(given: str) -> None:
    with pytest.raises(RangeNotSatisfiable) as refused:
        requested_range({"range": given}, 10, ETAG)
    assert refused.value.headers == {"Content-Range": "bytes */10"}


def test_a_range_of_other_bytes_is_answered_with_the_whole() -> None:
    headers = {"range": "bytes=2-4", "if-range": ETAG}
    assert requested_range(headers, 10, ETAG) == (2, 5)
    assert requested_range(headers, 10, '"other"') is None
    assert requested_range({**headers, "if-range": "W/" + ETAG}, 10, ETAG) is None


def test_tags_that_are_known() -> None:
    assert is_known(ETAG, '"x", W/"abc"')
    assert is_known(ETAG, "*")
    assert not is_known(ETAG, "")
    assert not is_known(ETAG, '"ab"')
    assert not is_known(ETAG, "abc")
