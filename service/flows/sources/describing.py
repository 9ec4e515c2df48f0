"""Sources as JSON values: in the replies of the API, on pages and in commands. None has a secret in it."""

from datetime import UTC, datetime
from typing import Any

from index.sources.applications import Run, Source


def source_json(source: Source) -> dict[str, Any]:
    """A source, with its last run and when the next one is due."""
    following = None
    if source.every and source.last:
        following = _time(source.last.began + source.every)
    return {
        "name": source.name,
        "kind": source.kind,
        "place": source.place,
        "url": source.url,
        "user": source.user,
        "options": dict(source.options),
        "prefix": source.prefix,
        "groups": None if source.groups is None else list(source.groups),
        "group_prefixes": {path: list(groups) for path, groups in source.group_prefixes.items()},
        "takes_readers": source.takes_readers,
        "owner": source.owner,
        "every_seconds": source.every,
        "erases": source.erases,
        "secret": "kept" if source.sealed else "environment" if source.reads_environment else "none",
        "next": following,
        "last": None if source.last is None else run_json(source.last),
    }


def run_json(run: Run) -> dict[str, Any]:
    """A run: when it began, how long it took, what it did, and its problem."""
    return {
        "began": _time(run.began),
        "seconds": round(run.seconds, 3),
        "counts": dict(run.counts),
        "problem": run.problem,
        "code": run.code,
        "is_complete": run.is_complete,
    }


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
