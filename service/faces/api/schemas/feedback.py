"""Response models: what became of a verdict on an answer."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Feedback(BaseModel):
    """A verdict that was taken."""

    kept: bool = Field(description="Whether it is kept: administrators turn that on for each collection.")
