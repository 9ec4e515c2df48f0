"""What commands show: text and tables, JSON, progress, and what Ctrl-C does."""
