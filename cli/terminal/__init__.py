"""Output of the commands: text and tables, JSON, progress, and what Ctrl-C does."""
