"""Sections that a question names by what stands in their headings: a date, a version or a number."""
