"""Documents and ranking: everything but HTTP."""
