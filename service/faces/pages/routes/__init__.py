"""Routes of the pages, a module for each page."""

from service.faces.pages.routes import (
    ask,
    assets,
    check,
    collections,
    deletion,
    docs,
    documentation,
    documents,
    explain,
    jobs,
    keys,
    library,
    sessions,
    status,
    unanswered,
    view,
)

ROUTES = (
    ask,
    view,
    check,
    library,
    documents,
    deletion,
    explain,
    collections,
    jobs,
    keys,
    status,
    unanswered,
    docs,
    sessions,
    documentation,
    assets,
)
