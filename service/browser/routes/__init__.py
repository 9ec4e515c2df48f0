"""Routes of the pages, a module for each page."""

from service.browser.routes import (
    ask,
    assets,
    check,
    docs,
    documentation,
    documents,
    explain,
    jobs,
    library,
    sessions,
    view,
)

ROUTES = (
    ask,
    view,
    check,
    library,
    documents,
    explain,
    jobs,
    docs,
    sessions,
    documentation,
    assets,
)
