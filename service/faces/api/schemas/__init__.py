"""Response models, and functions that convert values of the library to JSON.

Responses are built as dictionaries and serialized by ``pydantic_core.to_json``, four times as fast as through
the models. The models are for the OpenAPI document; tests compare every response with its model.
Field names are part of the public API.
"""
