"""The note, its event and its refusal."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlmodel import Field, SQLModel

from grid_kernel.contracts.kernel import AUDIT_ANCHORED, PopulationAuditAnchored
from grid_kernel.db import new_registry
from grid_kernel.errors import WrongState
from grid_kernel.events import Event
from grid_kernel.types import AREA_CODE, BlindIndex, EncryptedText, UtcDateTime, uuid7


class Base(SQLModel, registry=new_registry()):
    """Everything the toy service stores."""


class NoteWritten(Event):
    """Somebody wrote or changed a note."""

    subject: ClassVar[str] = "grid.toy.note.written.v1"


class ToyAuditAnchored(PopulationAuditAnchored):
    """The toy closed a stretch of its audit chain."""

    subject: ClassVar[str] = "grid.toy.audit.anchored.v1"


AUDIT_ANCHORED["toy"] = ToyAuditAnchored  # type: ignore[assignment]


class NoteSealed(WrongState):
    """A sealed note cannot be changed."""

    code = "note-sealed"


class Note(Base, table=True):
    """A note that lies in an area."""

    __tablename__ = "note"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    area_code: str = Field(sa_type=AREA_CODE, index=True)
    text: str
    secret: str | None = Field(default=None, sa_type=EncryptedText("toy.note.secret"))  # type: ignore[call-overload]
    secret_index: str | None = Field(default=None, sa_type=BlindIndex("toy.note.secret"))  # type: ignore[call-overload]
    sealed: bool = False
    written_at: datetime = Field(sa_type=UtcDateTime)
    version: int = 1

    def written(self, now: datetime) -> NoteWritten:
        """What is said of the note as it is now."""
        return NoteWritten(aggregate_id=self.id, sequence=self.version, occurred_at=now, area_code=self.area_code)

    def rewrite(self, text: str, now: datetime) -> NoteWritten:
        """Change its text."""
        if self.sealed:
            raise NoteSealed
        self.text = text
        self.version += 1
        return self.written(now)
