"""What did not work, said on the page where it did not."""

from dataclasses import dataclass
from typing import Literal

from grid_site.gateway import Answer
from grid_site.visitors import Visitor

_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Trouble:
    """A sentence what happened, a sentence what to do, and a number to quote if it is our fault."""

    title: str
    detail: str
    tone: Literal["bad", "wait"] = "wait"
    number: str | None = None

    @classmethod
    def away(cls, visitor: Visitor) -> "Trouble":
        """The part that should answer is not there."""
        words = visitor.words
        return cls(words("trouble.away"), words("trouble.away-detail"), number=visitor.trace_id)

    @classmethod
    def wait(cls, visitor: Visitor, answer: Answer, title: str) -> "Trouble":
        """Too many tries; how many minutes to wait, if that was said."""
        words = visitor.words
        if answer.retry_after is None:
            return cls(title, answer.problem("detail") or words("trouble.wait"))
        return cls(title, words("trouble.wait-minutes", n=max(1, -(-answer.retry_after // _MINUTE))))
