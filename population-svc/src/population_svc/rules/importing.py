"""Tables brought in as files: who may, how much, and in which order it goes."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from grid_kernel.auth import Actor, Post
from grid_kernel.errors import Forbidden, InvalidInput, NotFound, TooLarge, WrongState

IMPORTERS = (Post.STATION_HEAD, Post.STREET_LEADER, Post.DISTRICT_LEADER)
"""Whoever leads a station or an area above brings in tables of it, and nobody else."""

PART_BYTES = 8 * 1024 * 1024
MOST_BYTES = 256 * 1024 * 1024
FILES_KEPT = timedelta(days=7)
"""How long an uploaded table and its rejected rows are kept."""
RECEIVED_WITHIN = timedelta(hours=24)


class ImportMode(StrEnum):
    """What becomes of a person the register knows: left alone, or brought up to date where the table differs."""

    NEW_ONLY = "new_only"
    UPDATE = "update"


class ImportState(StrEnum):
    """Where an import stands."""

    RECEIVING = "receiving"
    READING = "reading"
    READ = "read"
    RUNNING = "running"
    CHECKED = "checked"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


IMPORT_MOVES: Mapping[ImportState, frozenset[ImportState]] = {
    ImportState.RECEIVING: frozenset({ImportState.READING, ImportState.CANCELLED, ImportState.EXPIRED}),
    ImportState.READING: frozenset({ImportState.READ, ImportState.FAILED, ImportState.CANCELLED}),
    ImportState.READ: frozenset({ImportState.READING, ImportState.RUNNING, ImportState.CANCELLED, ImportState.EXPIRED}),
    ImportState.RUNNING: frozenset({ImportState.CHECKED, ImportState.DONE, ImportState.FAILED, ImportState.CANCELLED}),
    ImportState.CHECKED: frozenset({ImportState.RUNNING, ImportState.CANCELLED, ImportState.EXPIRED}),
    ImportState.DONE: frozenset({ImportState.EXPIRED}),
    ImportState.FAILED: frozenset(
        {ImportState.READING, ImportState.RUNNING, ImportState.CANCELLED, ImportState.EXPIRED}
    ),
    ImportState.CANCELLED: frozenset({ImportState.EXPIRED}),
    ImportState.EXPIRED: frozenset(),
}


class ImportMoveNotAllowed(WrongState):
    """The import does not stand where this is possible."""

    status, code = 409, "import-move-not-allowed"


class PartMissing(WrongState):
    """Parts of the file have not arrived, or what arrived is not the file that was announced."""

    status, code = 409, "part-missing"


class TableTooLarge(TooLarge):
    """The table has more bytes than are taken."""

    status, code = 413, "table-too-large"


def check_imports(actor: Actor, area: str) -> None:
    """Refuse whoever may not bring in tables of an area; outside one's areas there is no such area."""
    if not actor.holds(*IMPORTERS):
        raise Forbidden
    if not actor.holds(*IMPORTERS, area=area):
        raise NotFound


def check_own_file(actor: Actor, owner: str) -> None:
    """What stands in a file is shown to whoever brought it, and to nobody else."""
    if actor.id != owner:
        raise Forbidden


def check_part(number: int, size: int, whole: int) -> None:
    """Every part but the last is of the one size, so that the place of each byte is known."""
    before = number * PART_BYTES
    if before >= whole or size != min(PART_BYTES, whole - before):
        raise InvalidInput.at("#/path/number", "part-of-another-size", size=PART_BYTES)


def parts_of(whole: int) -> int:
    """How many parts a file has."""
    return -(-whole // PART_BYTES)
