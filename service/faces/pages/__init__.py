"""The pages for people in a browser. They work without scripts; nothing in a document can run."""

from service.faces.pages.navigation import is_form, is_page
from service.faces.pages.rendering import error_page, page, sign_in_page

__all__ = ["error_page", "is_form", "is_page", "page", "sign_in_page"]
