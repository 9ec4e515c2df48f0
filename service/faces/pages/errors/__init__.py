"""Errors and refused files in words for people."""
