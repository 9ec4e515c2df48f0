"""Stored vectors and sentences: how they are packed, and their checksums."""
