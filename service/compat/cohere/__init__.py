"""Cohere's Rerank API."""
