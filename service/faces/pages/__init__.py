"""The pages for people in a browser. They work without scripts; nothing in a document can run."""

from service.faces.pages.error_pages import ERROR_PAGES
from service.faces.pages.rendering import page, redirect, sign_in_page

__all__ = ["ERROR_PAGES", "page", "redirect", "sign_in_page"]
