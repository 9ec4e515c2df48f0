"""The MCP server: it lists tools and resources, and answers calls, for whoever asks."""

import base64
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from importlib.metadata import version
from typing import Any, TypeVar

from mcp import MCPError, types
from mcp.server import Server
from mcp.server.context import ServerRequestContext
from mcp.server.stdio import stdio_server
from pydantic import BaseModel
from pydantic_core import from_json

from index.collection import Collection
from index.errors import LoccitError
from index.records import DocumentRecord
from service.advice import ADVICE, Advice, message_with_advice
from service.errors import InternalError, InvalidRequest
from service.faces.mcp.tools import reading
from service.faces.mcp.tools.arguments import CiteArguments
from service.faces.mcp.tools.backend import Backend
from service.faces.mcp.tools.names import CITATION_TEMPLATE, DOCUMENT_TEMPLATE, document_uri, parse_uri
from service.faces.mcp.tools.table import BY_NAME, TOOLS, Tool, json_schema
from service.monitoring.reads import note_read
from service.state.identity import Rule, Scope

log = logging.getLogger("loccit.mcp")

T = TypeVar("T")
Context = ServerRequestContext[Any, Any]
BackendOf = Callable[[Context], Awaitable[Backend]]
INSTRUCTIONS = (
    "Documents that can be asked, with citations that can be checked character for character. Use ask to "
    "answer a question, and answer from its passages only, with their numbers as citations. Use verify on "
    "your answer before you show it. Use search and fetch to read more, list_documents to see what there is."
)
_READ_ONLY = types.ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


def build_server(backend_of: BackendOf, advice: Advice = ADVICE) -> Server[Any]:
    """A server that answers from the backend of each request. ``advice`` is added to messages of errors."""
    handlers = _Handlers(backend_of, advice)
    return Server(
        "loccit",
        version=version("loccit"),
        title="Loccit",
        instructions=INSTRUCTIONS,
        on_list_tools=handlers.list_tools,
        on_call_tool=handlers.call_tool,
        on_list_resources=handlers.list_resources,
        on_list_resource_templates=handlers.list_templates,
        on_read_resource=handlers.read_resource,
    )


class _Handlers:
    """Answers the requests of the protocol."""

    def __init__(self, backend_of: BackendOf, advice: Advice) -> None:
        self._backend_of = backend_of
        self._advice = advice

    async def list_tools(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        """The tools that the caller may use, always in the same order."""
        backend = await self._backend(context)
        return types.ListToolsResult(
            tools=[_describe_tool(tool) for tool in TOOLS if tool.scope <= backend.caller.scope]
        )

    async def call_tool(self, context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        """The result of a tool. What goes wrong is told in the result, so that the model can correct it."""
        tool = BY_NAME.get(params.name)
        if tool is None:
            raise MCPError(
                types.INVALID_PARAMS,
                f"There is no tool {params.name[:100]!r}. There are {', '.join(BY_NAME)}.",
            )
        try:
            return _success_result(await tool.call(await self._backend_of(context), params.arguments))
        except LoccitError as error:
            return types.CallToolResult(content=[_text_content(self._message(error))], is_error=True)
        except Exception as error:
            return types.CallToolResult(
                content=[_text_content(self._message(_internal_error(error)))], is_error=True
            )

    async def list_resources(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        """A page of documents."""
        backend = await self._backend(context)
        return await self._await_answer(list_resources(backend, params.cursor if params else None))

    async def list_templates(
        self, context: Context, params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        """The templates of resources."""
        return types.ListResourceTemplatesResult(resource_templates=list(TEMPLATES))

    async def read_resource(
        self, context: Context, params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        """A document's text, or a citation."""
        backend = await self._backend(context)
        return await self._await_answer(read_resource(backend, str(params.uri)))

    async def _backend(self, context: Context) -> Backend:
        return await self._await_answer(self._backend_of(context))

    async def _await_answer(self, answer: Awaitable[T]) -> T:
        """The answer, or an error of the protocol with our message."""
        try:
            return await answer
        except LoccitError as error:
            raise MCPError(types.INVALID_PARAMS, self._message(error)) from None
        except Exception as error:
            raise MCPError(types.INTERNAL_ERROR, self._message(_internal_error(error))) from None

    def _message(self, error: LoccitError) -> str:
        return message_with_advice(error, self._advice)


def _internal_error(error: Exception) -> LoccitError:
    log.error("A request of an MCP client failed.", exc_info=error)
    return InternalError("Loccit failed to answer. Its log has the reason.")


def _describe_tool(tool: Tool[Any]) -> types.Tool:
    return types.Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=json_schema(tool.arguments),
        output_schema=json_schema(tool.result),
        annotations=_READ_ONLY,
    )


def _success_result(result: BaseModel) -> types.CallToolResult:
    """One text block with the result as JSON, and the same as structured content."""
    return types.CallToolResult(
        content=[_text_content(result.model_dump_json())], structured_content=result.model_dump(mode="json")
    )


def _text_content(text: str) -> types.TextContent:
    return types.TextContent(type="text", text=text)


# Resources: the text of each document, and citations by template.


PAGE = 100
"""Resources of a page."""
_DOCUMENTS = Rule(Scope.READ, frozenset({"documents", "collections"}))
_TEXTS = Rule(Scope.READ, frozenset({"texts", "citations"}))
TEMPLATES = (
    types.ResourceTemplate(
        name="document",
        title="Document",
        uri_template=DOCUMENT_TEMPLATE,
        description="The text of a document, to which the offsets of citations refer.",
        mime_type="text/plain",
    ),
    types.ResourceTemplate(
        name="citation",
        title="Citation",
        uri_template=CITATION_TEMPLATE,
        description="A quote by its locator, the text around it, and its status in the newest version.",
        mime_type="application/json",
    ),
)


async def list_resources(backend: Backend, cursor: str | None) -> types.ListResourcesResult:
    """A page of the documents of all collections that the caller may read.

    Raises :class:`service.errors.Forbidden`, and :class:`InvalidRequest` for a cursor of no earlier page.
    """
    _DOCUMENTS.require_of(backend.caller)
    first, after = ("", "") if cursor is None else _decode_cursor(cursor)
    found: list[types.Resource] = []
    for name in [name for name in await backend.names() if name >= first]:
        page = await backend.look_up(
            name, _documents_after(after if name == first else "", PAGE + 1 - len(found))
        )
        found += [_resource(name, one) for one in page]
        if len(found) > PAGE:
            # The last of the page before the extra one is where the next page begins.
            last = parse_uri(found[PAGE - 1].uri)
            return types.ListResourcesResult(resources=found[:PAGE], next_cursor=_encode_cursor(last))
    return types.ListResourcesResult(resources=found)


def _documents_after(after: str, limit: int) -> Callable[[Collection], Sequence[DocumentRecord]]:
    def documents(opened: Collection) -> Sequence[DocumentRecord]:
        return opened.archive.documents(limit=limit, after=after)

    return documents


def _resource(collection: str, record: DocumentRecord) -> types.Resource:
    return types.Resource(
        name=record.id,
        title=record.title or record.id,
        uri=document_uri(collection, record.id),
        description=f"In the collection {collection}, from {record.source or record.id}.",
        mime_type="text/plain",
    )


async def read_resource(backend: Backend, uri: str) -> types.ReadResourceResult:
    """The contents of a resource.

    Raises :class:`InvalidRequest` for a URI of none, and what reading raises.
    """
    _TEXTS.require_of(backend.caller)
    parsed = parse_uri(uri)
    if parsed is None:
        raise InvalidRequest(
            f"{uri[:200]!r} is not the URI of a resource here. They are {DOCUMENT_TEMPLATE} and "
            f"{CITATION_TEMPLATE}."
        )
    kind, collection, name = parsed
    if kind == "documents":
        text = await backend.read(collection, lambda opened: opened.archive.text(name)[1])
        note_read(collection, name)
        return _text_contents(uri, text, "text/plain")
    given = CiteArguments.model_validate({"locator": name, "collection": collection})
    cited = await reading.cite(backend, given)
    return _text_contents(uri, cited.model_dump_json(), "application/json")


def _text_contents(uri: str, text: str, mime_type: str) -> types.ReadResourceResult:
    return types.ReadResourceResult(
        contents=[types.TextResourceContents(uri=uri, text=text, mime_type=mime_type)]
    )


def _encode_cursor(position: tuple[str, str, str] | None) -> str | None:
    if position is None:
        return None
    return base64.urlsafe_b64encode(json.dumps(position[1:]).encode()).decode()


def _decode_cursor(cursor: str) -> tuple[str, str]:
    """The collection and the document after which a page begins. Raises :class:`InvalidRequest`."""
    try:
        # Unlike the standard library, it refuses halves of surrogate pairs, and has an error for deep lists.
        position = from_json(base64.urlsafe_b64decode(cursor))
    except ValueError:
        position = None
    match position:
        case [str(collection), str(after)]:
            return collection, after
    raise InvalidRequest("The cursor is not that of a page. Begin without one.")


# MCP on standard input and output, for programs that start ``loccit mcp``.


async def serve(server: Server[Any]) -> None:
    """Answer the messages on standard input until it ends."""
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())
