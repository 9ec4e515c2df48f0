"""Record each request in the audit log: who, what, when, from where. No question's text unless told."""

from __future__ import annotations

from typing import Any

from starlette.types import Scope

from service.http.error_handlers import request_id_of
from service.http.links import ASSETS, OPEN_PATHS
from service.http.parts import Parts
from service.monitoring.audit import AuditLog
from service.monitoring.reads import audited
from service.settings import Settings
from service.settings.values import split_list
from service.state.credentials import Credentials
from service.state.identity import ANYONE

READS = "reads"
"""Name, in a request's state, of the documents that its reply shows text of."""
_UNRECORDED = {*OPEN_PATHS, "/metrics", "/widget.js"}


def record_request(scope: Scope, status: int) -> None:
    """Add an entry for a request that has ended, refused ones included; ``status`` is 0 without a response.

    Without keys nobody is known, and nothing is recorded.
    """
    if scope.get("state", {}).get("principal") == ANYONE:
        return
    parts: Parts | None = getattr(scope["app"].state, "parts", None)
    log = None if parts is None else parts.get(AuditLog)
    if parts is None or log is None or _is_unrecorded(scope["path"]):
        return
    if parts[Credentials].are_required:
        entry = _audit_entry(scope, status)
        if read := audited(scope["state"].get(READS, set()), split_list(parts[Settings].audit_reads)):
            entry["read"] = read
        log.add(entry)


def _is_unrecorded(path: str) -> bool:
    return path in _UNRECORDED or path.startswith(ASSETS)


def _audit_entry(scope: Scope, status: int) -> dict[str, Any]:
    state = scope.get("state", {})
    principal = state.get("principal")
    entry = {
        "client": state.get("client", ""),
        "key": principal.key if principal else "",
        "name": principal.name if principal else "",
        "method": scope["method"],
        "path": scope["path"],
        "status": status,
        "request_id": request_id_of(scope),
    }
    if principal and principal.user:
        entry["user"] = principal.user
    if principal and principal.issuer:
        entry |= {"issuer": principal.issuer, "subject": principal.subject}
    if principal and "on_behalf_of" in state:
        entry["on_behalf_of"] = state["on_behalf_of"]
    return {**entry, **state.get("audit", {})}
