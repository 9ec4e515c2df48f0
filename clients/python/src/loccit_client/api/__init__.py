"""The one description of the API: for each operation its method, path, parameters and the type of its reply.

A description is a function that returns a :class:`loccit_client.calls.Call`, or its pages or events. Both
:mod:`loccit_client.client` and :mod:`loccit_client.async_client` make their methods of these functions.
"""
