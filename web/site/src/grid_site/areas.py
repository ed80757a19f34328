"""Area codes: district 6, street 9, community 12, grid 15 digits."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

DISTRICT, STREET, COMMUNITY, GRID = 6, 9, 12, 15
LEVELS: Final = (DISTRICT, STREET, COMMUNITY, GRID)
CODE: Final = re.compile(r"^\d{6}(?:\d{3}){0,3}$", re.ASCII)


@dataclass(frozen=True, slots=True)
class Step:
    """One area on the way down; `href` only where the visitor may go."""

    code: str
    name: str
    href: str | None


def below(code: str) -> int | None:
    """The length of the codes one level below."""
    return next((length for length in LEVELS if length > len(code)), None)


def above(code: str) -> list[str]:
    """The codes on the way down to an area, itself the last."""
    return [code[:length] for length in LEVELS if length <= len(code)]


def inside(code: str, own: Iterable[str]) -> bool:
    """Whether an area lies in one of the own ones."""
    return any(code.startswith(prefix) for prefix in own)


def first_of(own: Sequence[str]) -> str | None:
    """The area to begin with: the widest of the own ones."""
    return min(own, key=lambda code: (len(code), code), default=None)
