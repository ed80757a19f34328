"""Rows taken out of the register: who asked, for what, who agreed, and the file until it expires."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from grid_kernel.auth import Actor, Grant, Post
from grid_kernel.types import AREA_CODE, EncryptedText, StringEnum, UtcDateTime, uuid7
from population_svc import rules
from population_svc.models.base import EXPORT, Base, area_column
from population_svc.rules import ExportPurpose, ExportState


class ExportJob(Base, table=True):
    """An export: what of which rows, for what, decided by whom, and where its file lies."""

    __tablename__ = "export_job"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    area_code: str = area_column()
    actor_id: str
    post: str
    post_area: str = Field(sa_type=AREA_CODE)
    unit: str | None = None
    subject: str
    elements: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    whole: bool = False
    format: str
    purpose: ExportPurpose = Field(sa_type=StringEnum(ExportPurpose))
    reason: str = Field(sa_type=EncryptedText(EXPORT))
    state: ExportState = Field(sa_type=StringEnum(ExportState))
    rows: int
    sealed: list[str] = Field(default_factory=list, sa_column=Column(ARRAY(Text), nullable=False))
    downloads: int = 0
    asked_at: datetime = Field(sa_type=UtcDateTime)
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ready_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = 1

    __table_args__ = (
        Index("ix_export_job_area_code", "area_code", "id"),
        Index("ix_export_job_state", "state"),
    )

    @property
    def mark(self) -> str:
        """What every row of the file carries, so that a line that turns up elsewhere leads back here."""
        return f"E{self.id.hex[-10:].upper()}"

    @property
    def asker(self) -> Actor:
        """Whoever asked, with the post they asked in: the file shows what that post may see, and no more."""
        grant = Grant(post=Post(self.post), area=self.post_area, unit=self.unit)
        return Actor(kind="account", id=self.actor_id, grants=(grant,), purpose=self.purpose.value)

    def decide(self, approved: bool, by: str, now: datetime) -> None:
        """Let it be made, or not."""
        if self.state is not ExportState.REQUESTED:
            raise rules.ExportDecided
        self._go(ExportState.APPROVED if approved else ExportState.REFUSED)
        self.decided_by, self.decided_at = by, now

    def keep(self, rows: int, sealed: Sequence[str], now: datetime) -> None:
        """Its file was made."""
        self._go(ExportState.READY)
        self.rows, self.sealed = rows, list(sealed)
        self.ready_at, self.expires_at = now, now + rules.EXPORT_KEPT

    def fail(self) -> None:
        """It could not be made: there are more rows than there were when it was asked for."""
        self._go(ExportState.FAILED)

    def expire(self) -> list[str]:
        """Its file is to go."""
        self._go(ExportState.EXPIRED)
        gone, self.sealed = self.sealed, []
        return gone

    def fetched(self) -> None:
        """Its file was fetched once more."""
        if self.state is not ExportState.READY:
            raise rules.ExportNotReady
        self.downloads += 1

    def _go(self, state: ExportState) -> None:
        self.state = state
        self.version += 1
