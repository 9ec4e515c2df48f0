"""Routes of the pages, a module for each page."""

from service.browser.routes import (
    ask,
    assets,
    check,
    collections,
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
