"""Shared by all routes: their class, the OpenAPI document, error responses, links."""
