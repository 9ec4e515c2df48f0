"""Answers that a model writes from the passages: the call of the model, and the check of what it writes."""
