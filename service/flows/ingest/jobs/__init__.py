"""Run jobs: read, store and report the documents of each, upgrade collections, synchronize sources."""
