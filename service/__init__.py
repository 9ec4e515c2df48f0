"""The library over HTTP, and nothing else."""
