"""Passages and vectors of another model, prepared beside those in use."""
