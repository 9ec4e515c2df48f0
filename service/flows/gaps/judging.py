"""Keep what people say of answers."""

from __future__ import annotations

import time
from typing import cast

from service.flows.ask.asking import Asking
from service.state.identity import Principal
from service.state.questions import AskedQuestion, Verdict

LONGEST_REASON = 500


def note_verdict(asking: Asking, caller: Principal, collection: str, said: tuple[str, str, str]) -> bool:
    """Keep a question with a verdict on its answer and a reason; returns whether, and never waits."""
    question, verdict, reason = said
    reason = " ".join(reason.split())[:LONGEST_REASON]
    asked = AskedQuestion(
        time.time(), collection, question, 0.0, cast("Verdict", verdict), reason, caller.groups
    )
    return asking.kept.note(asked)
