"""An application as its holder reads it: what is next, until when, what was done. Never a name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from grid_site.words import Words, moment_of

_HELD_UP = frozenset({"correction_required", "suspended"})
_WELL_ENDED = frozenset({"approved", "completed"})
_ENDED = frozenset({"pre_review_refused", "not_accepted", "denied", "completed", "withdrawn", "lapsed"})

Tone = Literal["", "late", "wait", "done"]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done."""

    text: str
    day: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Application:
    """What the page shows."""

    receipt_number: str
    item_name: str
    state: str
    next_step: str
    tone: Tone
    due: str | None
    due_text: str | None
    overdue: bool
    deficiencies: tuple[str, ...]
    steps: tuple[Step, ...]
    ended: bool
    may_rate: bool

    @classmethod
    def read(cls, data: Mapping[str, Any], words: Words) -> "Application":
        """Out of the answer of approval-svc."""
        due = moment_of(data["dueAt"])
        state = data["state"]
        return cls(
            receipt_number=data["receiptNumber"],
            item_name=data["itemName"],
            state=data["stateText"],
            next_step=data["nextStep"],
            tone=_tone(state, overdue=data["overdue"]),
            due=words.day(due) if due and state not in _ENDED else None,
            due_text=data["dueText"],
            overdue=data["overdue"],
            deficiencies=tuple(data["deficiencies"]),
            steps=tuple(
                Step(step["text"], words.day(datetime.fromisoformat(step["at"])), step["reason"])
                for step in data["steps"]
            ),
            ended=state in _ENDED,
            may_rate=data["mayRate"],
        )


def _tone(state: str, *, overdue: bool) -> Tone:
    if overdue:
        return "late"
    if state in _HELD_UP:
        return "wait"
    return "done" if state in _WELL_ENDED else ""
