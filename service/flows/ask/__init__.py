"""Questions that share the model: concurrency limits, batching, and a cache of vectors."""
