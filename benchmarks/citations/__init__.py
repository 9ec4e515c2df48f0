"""Quotes and citations: verified, found again in changed texts, resolved, and highlighted by browsers."""
