"""What becomes of a change that was made on an older state: member by member, by what its maker had before him."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Clash:
    """A member that was changed on both sides: what the phone says, what stands here."""

    member: str
    phone: Any
    server: Any


@dataclass(frozen=True, slots=True)
class Merge:
    """What is still to be changed, and what somebody has to decide."""

    changes: Mapping[str, Any]
    clashes: tuple[Clash, ...]


def merge(
    stated: Mapping[str, Any],
    base: Mapping[str, Any],
    present: Mapping[str, Any],
    *,
    current: bool,
    outdated: Collection[str] = (),
) -> Merge:
    """Merge a change into the present.

    A member that stands as it is stated is settled. One whose base is the present value is taken over. Any other was
    changed by somebody else since: it clashes. A member without a base is taken over only on the `current` version.
    What the same phone has since said anew (`outdated`) is settled, whichever of the two arrives first.
    """
    changes: dict[str, Any] = {}
    clashes: list[Clash] = []
    for member, value in stated.items():
        there = present[member]
        if there == value or member in outdated:
            continue
        untouched = base[member] == there if member in base else current
        if untouched:
            changes[member] = value
        else:
            clashes.append(Clash(member, value, there))
    return Merge(changes, tuple(clashes))
