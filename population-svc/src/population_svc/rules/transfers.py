"""Claim and transfer between grids: states, who answers, and what silence does."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol

from grid_kernel.auth import Actor, Post
from grid_kernel.errors import Forbidden, WrongState
from population_svc.rules.permissions import KEEPERS, may_keep

ANSWER_WITHIN = 3
"""Working days a grid has to answer; then the station head does."""


class TransferKind(StrEnum):
    """Who began: the grid that gives (移交) or the one that takes (认领)."""

    TRANSFER = "transfer"
    CLAIM = "claim"


class TransferState(StrEnum):
    """Where a change of grid stands; until it is accepted everybody is counted in the giving grid."""

    OPEN = "open"
    WITH_HEAD = "with_head"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class TransferRefusal(StrEnum):
    """Why a change of grid is refused."""

    NOT_HERE = "not_here"
    STILL_THERE = "still_there"
    WRONG_PERSON = "wrong_person"


TRANSFER_MOVES: Mapping[TransferState, frozenset[TransferState]] = {
    TransferState.OPEN: frozenset(
        {
            TransferState.WITH_HEAD,
            TransferState.ACCEPTED,
            TransferState.REFUSED,
            TransferState.WITHDRAWN,
            TransferState.LAPSED,
        }
    ),
    TransferState.WITH_HEAD: frozenset(
        {TransferState.ACCEPTED, TransferState.REFUSED, TransferState.WITHDRAWN, TransferState.LAPSED}
    ),
    TransferState.ACCEPTED: frozenset(),
    TransferState.REFUSED: frozenset(),
    TransferState.WITHDRAWN: frozenset(),
    TransferState.LAPSED: frozenset(),
}
UNDECIDED = (TransferState.OPEN, TransferState.WITH_HEAD)


class TransferNeeded(WrongState):
    """The new home lies in a grid the actor does not keep: whoever keeps it has to accept."""

    status, code = 409, "transfer-needed"


class TransferDecided(WrongState):
    """The transfer was decided already."""

    status, code = 409, "transfer-decided"


class TransferRunning(WrongState):
    """There is a transfer of this household or person that nobody decided yet."""

    status, code = 409, "transfer-running"


class TransferOvertaken(WrongState):
    """Whoever was to change the grid does not live there any more."""

    status, code = 409, "transfer-overtaken"


class TransferSides(Protocol):
    """What the rules look at in a transfer."""

    @property
    def kind(self) -> TransferKind: ...
    @property
    def state(self) -> TransferState: ...
    @property
    def area_code(self) -> str: ...
    @property
    def to_area_code(self) -> str: ...
    @property
    def asked_by(self) -> str: ...


def awaited(transfer: TransferSides) -> str:
    """The grid whose answer is waited for: the one that did not begin."""
    return transfer.to_area_code if transfer.kind is TransferKind.TRANSFER else transfer.area_code


def check_may_answer(actor: Actor, transfer: TransferSides) -> None:
    """The other grid's keepers answer, after three working days of silence their head; never who asked."""
    posts = (Post.STATION_HEAD,) if transfer.state is TransferState.WITH_HEAD else KEEPERS
    if actor.id == transfer.asked_by or not actor.holds(*posts, area=awaited(transfer)):
        raise Forbidden


def check_may_withdraw(actor: Actor, transfer: TransferSides) -> None:
    """The grid that began may take it back."""
    began = transfer.area_code if transfer.kind is TransferKind.TRANSFER else transfer.to_area_code
    if not actor.holds(*KEEPERS, area=began):
        raise Forbidden


def sees_who(actor: Actor, transfer: TransferSides) -> bool:
    """Whether names are shown: to the giving grid, and to the taking one once the giving one told or agreed."""
    if actor.holds(*KEEPERS, area=transfer.area_code):
        return True
    told = transfer.kind is TransferKind.TRANSFER or transfer.state is TransferState.ACCEPTED
    current = transfer.state in {*UNDECIDED, TransferState.ACCEPTED}
    return told and current and actor.holds(*KEEPERS, area=transfer.to_area_code)


def check_need_not_ask(actor: Actor, area_code: str) -> None:
    """Refuse to put somebody into a grid whose keepers were not asked."""
    if not may_keep(actor, area_code):
        raise TransferNeeded
