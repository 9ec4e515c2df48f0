"""Claims as data: what is measured, on what, and what was found. ``make bench`` measures again."""
