"""What people see in a browser. Pages work without scripts; nothing in a document can run."""

from service.browser.navigation import is_form, is_page
from service.browser.rendering import error_page, page, sign_in_page

__all__ = ["error_page", "is_form", "is_page", "page", "sign_in_page"]
