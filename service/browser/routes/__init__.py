"""Routes of the pages, a module for each page."""

from service.browser.routes import ask, assets, sessions, view

ROUTES = (ask, view, sessions, assets)
