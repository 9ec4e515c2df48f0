"""Flows: what a request or a background task does, without a type of HTTP."""
