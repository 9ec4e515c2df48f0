"""Sources of collections."""

from typing import Annotated

from pydantic import ConfigDict, Field, SecretStr, StringConstraints

from index import errors
from index.sources.applications import Source
from index.sources.web import InvalidUrl
from service.errors import MayRaise
from service.http.parameters import Groups
from service.http.request_models import Request

_Text = Annotated[str, StringConstraints(max_length=1000)]


class SourceRequest(Request):
    """A source, except for its name."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"kind": "github", "place": "acme/handbook", "every_seconds": 21600},
                {
                    "kind": "jira",
                    "place": "HELP",
                    "url": "https://acme.atlassian.net",
                    "user": "ann@example.org",
                    "secret": "ATATT...",
                },
            ]
        }
    )

    kind: Annotated[_Text, MayRaise(errors.InvalidSource)] = Field(description="The application.")
    place: _Text = Field("", description="What of it: a repository, the key of a space or project, a folder.")
    url: Annotated[_Text, MayRaise(InvalidUrl)] = Field(
        "", description="Address of the application, where it has one of its own."
    )
    user: _Text = Field("", description="User who asks there.")
    secret: SecretStr | None = Field(
        None,
        description="Its token or password. It is kept sealed, and never shown. Null keeps the one that "
        "there is, which a change of kind, place, url, user or options drops.",
    )
    options: dict[_Text, _Text] = Field({}, max_length=20, description="What only some applications have.")
    prefix: Annotated[_Text, MayRaise(errors.InvalidDocumentId)] = Field(
        "", description="Folder name before the ids of its documents. By default its name."
    )
    groups: Groups | None = Field(None, description="Groups that may read its documents; null: everyone.")
    group_prefixes: dict[_Text, Groups] = Field(
        {}, max_length=1000, description="Groups by the beginning of paths; the longest path counts."
    )
    takes_readers: bool = Field(False, description="The application says who may read each document.")
    owner: str = Field("", description="The group for what the application does not tell the readers of.")
    every_seconds: float = Field(
        0.0, ge=0, le=366 * 86_400, description="Time between two runs, 60 at least; 0: only when asked for."
    )
    erases: bool = Field(False, description="Erase what is gone, instead of retiring it.")

    def source(self, name: str) -> Source:
        """The source with this name, without its secret."""
        return Source(
            name,
            self.kind,
            self.place,
            url=self.url,
            user=self.user,
            options=self.options,
            prefix=self.prefix,
            groups=tuple(self.groups) if self.groups else None,
            group_prefixes={path: tuple(groups) for path, groups in self.group_prefixes.items()},
            takes_readers=self.takes_readers,
            owner=self.owner,
            every=self.every_seconds,
            erases=self.erases,
            reads_environment=False,
        )
