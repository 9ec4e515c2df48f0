"""Run jobs: read, store and report the documents of each, and upgrade collections."""
