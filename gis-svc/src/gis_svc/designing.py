"""The designer at work: communities one beside the other, each in a process of its own, as long as it is worth it."""

import multiprocessing
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.pool import IMapIterator
from time import monotonic

from shapely.geometry.base import BaseGeometry

from gis_svc import designer
from gis_svc.designer import Block, Design, Progress, Wish

PROCESSES = 2
TRIES, LEAST_TRIES = 6, 2
"""Searches of a community until a grid that could be as wanted is said to be not found; and searches in any case."""
_LISTEN_SECONDS = 0.3
_LEAST_SECONDS = 0.5
_LOST_SECONDS = 60.0
_BEHIND_REQUESTS = 5


@dataclass(frozen=True, slots=True)
class Commission:
    """A community to divide: its buildings, its ground, the roads on it, in metres of the plane."""

    code: str
    blocks: tuple[Block, ...]
    ground: BaseGeometry
    roads: tuple[BaseGeometry, ...]
    wish: Wish


class ProcessLostError(Exception):
    """A process of the designer ended without an answer."""


def carry_out(commissions: Sequence[Commission], seconds: float, tell: Progress) -> dict[str, Design]:
    """A design for each commission by its code. What is not found at once is searched for again while there is time."""
    if len(commissions) == 1:
        return {commissions[0].code: _alone(commissions[0], seconds, tell)}
    end, best = monotonic() + seconds, dict[str, Design]()
    # Forked, a process would inherit the connections and locks of the service.
    with multiprocessing.get_context("spawn").Pool(PROCESSES, os.nice, (_BEHIND_REQUESTS,)) as pool:
        waiting = list(commissions)
        for attempt in range(TRIES):
            asked = _shared(waiting, PROCESSES * (end - monotonic()), attempt)
            answers = pool.imap_unordered(_designed, asked)
            for number in range(len(asked)):
                code, found = _listen(answers, end, partial(tell, _progress(attempt, number, len(asked))))
                best[code] = _better(best.get(code), found)
            waiting = [each for each in waiting if _worth_another(best[each.code], attempt)]
            if not waiting or end - monotonic() < _LEAST_SECONDS:
                break
    return best


def _alone(commission: Commission, seconds: float, tell: Progress) -> Design:
    begun, best = monotonic(), None
    for attempt in range(TRIES):
        left = max(_LEAST_SECONDS, seconds - (monotonic() - begun))
        asked = _shared([commission], left, attempt)[0]
        found = _design(asked, lambda _: tell(min(1.0, (monotonic() - begun) / seconds)))
        best = _better(best, found)
        if not _worth_another(best, attempt) or monotonic() - begun > seconds - _LEAST_SECONDS:
            break
    assert best is not None  # noqa: S101 - there is at least one try
    return best


def _shared(commissions: Sequence[Commission], seconds: float, attempt: int) -> list[Commission]:
    """With the time each may take, by its buildings, and another seed each time; the longest first."""
    total = sum(len(each.blocks) for each in commissions)
    asked = [
        replace(
            each,
            wish=replace(
                each.wish,
                seconds=max(_LEAST_SECONDS, seconds * len(each.blocks) / total),
                seed=each.wish.seed + attempt,
            ),
        )
        for each in commissions
    ]
    return sorted(asked, key=lambda each: (-len(each.blocks), each.code))


def _listen(answers: "IMapIterator[tuple[str, Design]]", end: float, tell: Callable[[], None]) -> tuple[str, Design]:
    while True:
        tell()
        try:
            return answers.next(_LISTEN_SECONDS)
        except multiprocessing.TimeoutError:
            if monotonic() > end + _LOST_SECONDS:
                raise ProcessLostError from None


def _progress(attempt: int, done: int, of: int) -> float:
    """Half of the way is left to each further try."""
    return 1 - 0.5**attempt * (1 - done / of / 2)


def _better(one: Design | None, other: Design) -> Design:
    if one is None or (len(other.unmet), other.cost) < (len(one.unmet), one.cost):
        return other
    return one


def _worth_another(found: Design, attempt: int) -> bool:
    if len(found.households) > 1 and attempt + 1 < LEAST_TRIES:
        return True
    return any(each["reason"] == "not-found" for each in found.unmet)


def _designed(asked: Commission) -> tuple[str, Design]:
    return asked.code, _design(asked, lambda _: None)


def _design(asked: Commission, tell: Progress) -> Design:
    return designer.design(asked.blocks, asked.wish, asked.roads, tell, within=asked.ground)
