"""The application: it assembles everything else, and nothing else imports it."""

from service.app.application import HEADER_SECONDS, create_app, from_environment

__all__ = ["HEADER_SECONDS", "create_app", "from_environment"]
