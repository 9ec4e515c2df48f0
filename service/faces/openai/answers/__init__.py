"""Answers in the shapes of OpenAI's chat completions and responses."""
