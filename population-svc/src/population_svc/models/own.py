"""Codes of the window for the own record, requests of persons, and lawful secrecy."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from grid_kernel.types import BlindIndex, EncryptedText, StringEnum, UtcDateTime, uuid7
from population_svc import rules
from population_svc.models.base import OWN_CODE, OWN_PASS, REQUEST_TEXT, SECRECY_BASIS, Base, area_column
from population_svc.rules import RequestKind, RequestState


class OwnAccess(Base, table=True):
    """A code given out at the window against the identity card, and the half hour it opens; both only as hashes."""

    __tablename__ = "own_access"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    area_code: str = area_column()
    code_index: str | bytes = Field(sa_type=BlindIndex(OWN_CODE), unique=True)
    issued_by: str
    issued_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    wrong_tries: int = 0
    pass_index: str | bytes | None = Field(default=None, sa_type=BlindIndex(OWN_PASS), unique=True)
    closes_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    def open(self, secret: str, now: datetime) -> None:
        """Turn the code, once, into a pass for half an hour."""
        self.pass_index, self.closes_at = secret, now + rules.PASS_LASTS

    def close(self, now: datetime) -> None:
        """End it before its time."""
        self.closes_at = now


class DataRequest(Base, table=True):
    """What a person asked for of the own record, with the day it is to be answered by."""

    __tablename__ = "data_request"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    area_code: str = area_column()
    kind: RequestKind = Field(sa_type=StringEnum(RequestKind))
    state: RequestState = Field(default=RequestState.OPEN, sa_type=StringEnum(RequestState))
    words: str | None = Field(default=None, sa_type=EncryptedText(REQUEST_TEXT))
    asked_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answer: str | None = Field(default=None, sa_type=EncryptedText(REQUEST_TEXT))
    version: int = 1

    __table_args__ = (Index("ix_data_request_area_code", "area_code", "state", "due_at"),)

    def decide(self, *, granted: bool, answer: str | None, now: datetime) -> None:
        """Grant or refuse, once."""
        if self.state is not RequestState.OPEN:
            raise rules.RequestDecided
        self.state = RequestState.GRANTED if granted else RequestState.REFUSED
        self.answer, self.decided_at = answer, now
        self.version += 1


class Secrecy(Base, table=True):
    """That reads of a person by a post or unit stay unshown for a time; in force only once a second person agreed."""

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", index=True)
    area_code: str = area_column()
    post: str | None = None
    unit: str | None = None
    since: date
    until: date
    basis: str = Field(sa_type=EncryptedText(SECRECY_BASIS))
    proposed_by: str
    proposed_at: datetime = Field(sa_type=UtcDateTime)
    confirmed_by: str | None = None
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = 1

    def confirm(self, by: str, now: datetime) -> None:
        """Come into force."""
        if self.confirmed_at is not None or self.ended_at is not None:
            raise rules.SecrecyDecided
        self.confirmed_by, self.confirmed_at = by, now
        self.version += 1

    def end(self, now: datetime) -> None:
        """Hold no more: what it hid is shown from now on."""
        if self.ended_at is not None:
            raise rules.SecrecyDecided
        self.ended_at = now
        self.version += 1
