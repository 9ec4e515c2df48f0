"""Fit the numbers that come with the package."""
