"""Read a question and windows of sentences together, and say which of them answer it.

The model is a small cross-encoder (docs/training.md says how it was made and has its card). It reads windows
of the best passages, because a vector or a count of words does not tell who did what.
"""
