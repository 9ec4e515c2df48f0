"""Pages of lists, by the ids of their members."""

from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

from service.errors import InvalidRequest

T = TypeVar("T")
_LONGEST_SHOWN = 100


def page_of(
    members: Sequence[T],
    id_of: Callable[[T], str],
    order: Literal["asc", "desc"],
    *,
    after: str,
    before: str = "",
    limit: int,
) -> tuple[Sequence[T], bool]:
    """The members between two ids, at most so many, and whether others follow in this direction.

    ``members`` are in the order of their creation. With ``before`` alone, the page is the last one before
    that id. Raises :class:`InvalidRequest` for ids that are not in the list.
    """
    if order == "desc":
        members = members[::-1]
    places = {id_of(member): at for at, member in enumerate(members)} if after or before else {}
    start = _require_place(places, after, "after") + 1 if after else 0
    end = _require_place(places, before, "before") if before else len(members)
    found = members[start:end]
    if before and not after:
        return found[-limit:], len(found) > limit
    return found[:limit], len(found) > limit


def _require_place(places: dict[str, int], id_: str, name: str) -> int:
    if id_ not in places:
        raise InvalidRequest(
            f"{name}: {id_[:_LONGEST_SHOWN]!r} is not in this list. Begin again without it.", param=name
        )
    return places[id_]
