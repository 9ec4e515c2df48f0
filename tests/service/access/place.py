"""A service with a document in a collection, and keys of every kind."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

from reportlab.pdfgen.canvas import Canvas
from starlette.testclient import TestClient

from index.sources.applications import Source, put_source
from service.http.middleware.cross_site import READS
from service.state.identity import COOKIE, Principal, Scope
from service.state.jobs.records import FINISHED
from tests.patience import eventually
from tests.service.whole_replies import ADDRESS, whole_replies

COLLECTION = "vault"
DOCUMENT = "papers/obsidian.txt"
PDF = "papers/ledger.pdf"
TEXT = "The quagga grazes near the lighthouse at dusk."
QUESTION = "Where does the quagga graze?"
SECRETS = ("quagga", "obsidian")
"""Words of the document's text and id, which no refused caller may see."""
SOURCE = Source("manuals", "jira", "HELP", url="https://jira.invalid")
"""It has no secret, so that its runs fail before they ask anybody."""
PERSON = Principal(
    "sso/1", "Olga of obsidian", Scope.READ, groups=frozenset(), issuer="https://sso.example.org", subject="1"
)
"""A person who came by a provider, whom only administrators of everything may see."""
INVALID = ("wrong", "revoked", "expired")
"""Keys that open nothing."""
REFUSED = (401, 403, 404)
"""Statuses of requests that change nothing."""
UNHEARD = "/v1/nothing"


@dataclass
class Place:
    """A service with a document in a collection, and keys of every kind."""

    client: TestClient
    keys: dict[str, str] = field(default_factory=dict)
    locator: str = ""
    job: str = ""
    unused_key: str = ""
    """The id of a key that no test uses."""
    upload: str = ""
    """An uploaded file, attached to the collection."""
    strangers: int = 0
    groups: tuple[str, ...] = ()
    """Groups of the document."""
    is_changed: bool = True
    """Whether a request since the last :meth:`restore` may have changed anything."""
    has_pdf: bool = False

    def __post_init__(self) -> None:
        self._requests = whole_replies(self.client)

    def send(self, method: str, path: str, key: str, **request: Any) -> Any:
        sent = self.keys[key]
        is_session = sent.startswith(COOKIE)
        bearer = {"authorization": f"Bearer {sent}"} if sent and not is_session else {}
        headers = request.pop("headers", {}) | bearer
        if key in INVALID or path == "/sign-in":
            # From an address of its own: wrong keys are slowed down by address.
            self.strangers += 1
            request["extensions"] = {ADDRESS: f"198.51.100.{self.strangers % 250}"}
        self._requests.cookies.clear()
        if is_session:
            self._requests.cookies.set(*sent.split("=", 1))
        response = self._requests.request(method, path, headers=headers, **request)
        self.is_changed |= method not in READS and response.status_code not in REFUSED
        return response

    def as_admin(self, method: str, path: str, **request: Any) -> Any:
        response = self.send(method, path, "admin", **request)
        assert response.status_code < 300, response.text
        return response

    def restore(self) -> None:
        """Put back what an earlier request may have changed or deleted, if there was one."""
        if not self.is_changed:
            return
        self.has_pdf = False
        self.client.app.state.runtime.keyring.note_person(PERSON)  # type: ignore[attr-defined]
        self.as_admin("PUT", f"/v1/collections/{COLLECTION}")
        library = self.client.app.state.runtime.library  # type: ignore[attr-defined]
        put_source(library.open(COLLECTION), SOURCE)
        self.as_admin(
            "PUT",
            f"/v1/documents/{DOCUMENT}",
            json={"text": TEXT, "groups": self.groups},
            params={"collection": COLLECTION},
        )
        answer = self.as_admin("POST", "/v1/ask", json={"question": QUESTION, "collection": COLLECTION})
        self.locator = answer.json()["passages"][0]["citation"]["locator"]
        if self.send("GET", f"/v1/jobs/{self.job}", "admin").status_code != 200:
            body = {
                "documents": [{"document_id": "papers/obsidian-2.txt", "text": TEXT}],
                "collection": COLLECTION,
                "groups": self.groups,
            }
            self.job = self.as_admin("POST", "/v1/ingest", json=body).json()["job_id"]
        # It may run again: an earlier request may have repeated it.
        eventually(lambda: self._job_state() in FINISHED)
        self._restore_upload()
        self.is_changed = False

    def restore_pdf(self) -> None:
        """Put a document that has pages, unless it is there."""
        if self.has_pdf:
            return
        data = io.BytesIO()
        canvas = Canvas(data, invariant=1)
        canvas.drawString(100, 700, "A page of a ledger.")
        canvas.save()
        params = {"collection": COLLECTION, "groups": ",".join(self.groups)}
        was_changed = self.is_changed
        self.as_admin("PUT", f"/v1/documents/{PDF}", content=data.getvalue(), params=params)
        self.is_changed, self.has_pdf = was_changed, True

    def _restore_upload(self) -> None:
        if self.send("GET", f"/v1/files/{self.upload}", "admin").status_code != 200:
            sent = {"file": ("obsidian-3.txt", TEXT.encode())}
            made = self.as_admin("POST", "/v1/files", files=sent, data={"purpose": "assistants"})
            self.upload = made.json()["id"]
        files = f"/v1/vector_stores/vs_{COLLECTION}/files"
        if self.send("GET", f"{files}/{self.upload}", "admin").status_code != 200:
            self.as_admin("POST", files, json={"file_id": self.upload})
        eventually(lambda: self.as_admin("GET", f"{files}/{self.upload}").json()["status"] == "completed")
        document = f"/v1/documents/{self.upload}/obsidian-3.txt"
        self.as_admin("PATCH", document, json={"groups": self.groups}, params={"collection": COLLECTION})

    def _job_state(self) -> str:
        state: str = self.as_admin("GET", f"/v1/jobs/{self.job}").json()["state"]
        return state


def assert_status(response: Any, expected: int) -> None:
    status = response.status_code
    assert status == expected, f"expected {expected}, got {status}: {response.text}"


def assert_success(response: Any) -> None:
    status = response.status_code
    assert status < 300, f"expected success, got {status}: {response.text}"


def assert_tells_nothing(response: Any) -> None:
    told = response.text + str(response.headers)
    asked = str(response.request.url) + (response.request.content or b"").decode()
    for secret in SECRETS:
        assert secret not in told or secret in asked, told
