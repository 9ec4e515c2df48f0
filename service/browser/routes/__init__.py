"""Routes of the pages, a module for each page."""

from service.browser.routes import ask, assets, check, docs, documentation, sessions, view

ROUTES = (ask, view, check, docs, sessions, documentation, assets)
