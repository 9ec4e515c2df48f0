"""OpenAI's API, as the official client libraries speak it."""
