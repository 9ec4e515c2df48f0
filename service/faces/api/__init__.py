"""Loccit's own HTTP API: routes, requests and replies."""
