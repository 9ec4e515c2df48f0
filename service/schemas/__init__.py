"""The shapes of answers, and the one place where the library's values become JSON.

Answers are made as plain dictionaries and written by ``pydantic_core.to_json``, four times as fast as
through the models; the models are what the OpenAPI shows, and the tests hold every answer against them.
Field names here are promised: clients are built on them.
"""
