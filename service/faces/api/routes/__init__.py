"""Routes, a module for each subject. Each has a ``router``, and is served because it is here.

A route says what it takes by the types of its parameters, and lists no errors: its class
:class:`service.http.route.ApiRoute` reads the known query parameters, the JSON body and the documented errors
from them. The types are in :mod:`service.faces.api.requests`, those of dependencies (``ReadyRuntime``,
``Texts``, ``Writes``) in :mod:`service.faces.dependencies`; each names its errors with
:class:`service.errors.MayRaise`.
"""
