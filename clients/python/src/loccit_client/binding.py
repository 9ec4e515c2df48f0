"""Make methods of the descriptions of operations look as if they were written out."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import update_wrapper
from typing import Any, TypeVar

MethodT = TypeVar("MethodT", bound=Callable[..., Any])


def look_like(method: MethodT, describe: Callable[..., Any], returns: str = "{}") -> MethodT:
    """Give a method the name, the docstring and the parameters of a description, and its own result.

    ``returns`` is the annotation of the result, with ``{}`` for the type of the reply.
    """
    update_wrapper(method, describe)
    del method.__wrapped__  # type: ignore[attr-defined] # its parameters have no self
    signature = inspect.signature(describe)
    _, _, reply = str(signature.return_annotation).partition("[")
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    method.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[own, *signature.parameters.values()], return_annotation=returns.format(reply[:-1])
    )
    return method
