"""Webhooks: tell other programs what has changed."""
