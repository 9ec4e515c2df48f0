"""Sentences that only lead to what follows: questions of a text, run-in headings, lines that stand alone."""
