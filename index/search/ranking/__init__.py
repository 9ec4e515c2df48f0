"""Rank passages: merge what both indexes found, look at its sentences, score it, prefer what is named."""
