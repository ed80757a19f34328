"""The own record, requests and secrecy on the wire. Codes and passes travel in bodies, never in an address."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from grid_kernel.schemas import Input, Note, Schema, UnitCode
from population_svc.rules import BasisKind, CareState, RequestKind, RequestState, VisitOutcome
from population_svc.schemas.persons import Code, DocumentNumber, PersonChange, PersonCorrection

Typed = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
Secret = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]


PostCode = Annotated[str, StringConstraints(pattern=r"^[a-z_]{3,40}$")]


class OwnCodeIn(Input):
    """The whole number on the document that was shown at the window; or, of whom no number is recorded, who it is."""

    id_number: DocumentNumber | None = None
    person_id: UUID | None = None
    document: Annotated[
        Code | None, Field(description="A code of the table id_document_types: what was shown where no number is.")
    ] = None


class OwnCodeOut(Schema):
    """What is handed to the person: good once, and for half an hour."""

    code: str
    expires_at: datetime


class OwnOpening(Input):
    """The code of the window and the own date of birth."""

    code: Typed
    birth_date: date


class OwnWays(Schema):
    """How people reach their own record."""

    sign_in: bool


class OwnSignIn(Schema):
    """Where to sign in with the identity provider, and what the browser has to bring back."""

    address: str
    ticket: str
    ends_at: datetime


class OwnSignedIn(Input):
    """What the identity provider answered, with what the browser kept."""

    ticket: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,1000}$")]
    state: Secret
    code: Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class OwnPass(Schema):
    """What opens the own record until it closes."""

    secret: str
    closes_at: datetime


class OwnAsk(Input):
    """The pass."""

    secret: Secret


class OwnRequestIn(OwnAsk):
    """What is asked for of the own record, in the person's own words where it needs some."""

    kind: RequestKind
    words: Note | None = None


class OwnWithdrawal(OwnAsk):
    """Which consent is withdrawn."""

    care_entry_id: UUID


class OwnCare(Schema):
    """An entry of the care list, with what it rests on."""

    id: UUID
    reason: str
    basis: str
    basis_kind: BasisKind
    guardian: str | None
    starts_on: date
    expires_on: date
    ended_on: date | None
    state: CareState


class OwnVisit(Schema):
    """A visit of the household; the note only where that was asked for and granted."""

    visited_on: date
    outcome: VisitOutcome
    note: str | None


class OwnRequest(Schema):
    """A request and how it stands."""

    id: UUID
    kind: RequestKind
    state: RequestState
    words: str | None
    asked_at: datetime
    due_at: datetime
    decided_at: datetime | None
    answer: str | None


class OwnRead(Schema):
    """Who looked: post and unit, never a name. Routine reads of a month stand together."""

    post: str | None
    unit: str | None
    unit_name: str | None
    service: bool
    purpose: str | None
    fields: list[str]
    routine: bool
    times: int
    first_on: date
    last_on: date


class OwnRecord(Schema):
    """The own record and nobody else's: the others of the household are not in it."""

    name: str
    sex: str
    birth_date: date
    id_document_type: str
    id_number: str | None
    phone: str | None
    population_type: str
    registered_here: bool
    relation_to_head: str | None
    address: str | None
    area_code: str
    restricted_on: date | None
    care: list[OwnCare]
    visits: list[OwnVisit]
    requests: list[OwnRequest]
    reads: list[OwnRead]
    closes_at: datetime


class DataRequestOut(OwnRequest):
    """A request as the station sees it."""

    person_id: UUID
    area_code: str
    late: bool
    version: int


class DataRequestDecision(Input):
    """Granted, or refused with the reason the person is told; what a granted correction writes into the record."""

    granted: bool
    answer: Note | None = None
    correction: PersonCorrection | None = None
    change: PersonChange | None = None


class ReadsOf(Schema):
    """Who looked at a person's record, and how many of it the person is not shown."""

    reads: list[OwnRead]
    kept_secret: int


class SecrecyIn(Input):
    """Reads by a post or unit that stay unshown to the person for a time, and the law that demands it."""

    person_id: UUID
    post: PostCode | None = None
    unit: UnitCode | None = None
    since: date
    until: date
    basis: Annotated[Note, Field(min_length=5)]


class SecrecyOut(Schema):
    """A secrecy; in force once confirmed and until ended."""

    id: UUID
    area_code: str
    post: str | None
    unit: str | None
    since: date
    until: date
    basis: str
    proposed_at: datetime
    confirmed_at: datetime | None
    ended_at: datetime | None
    version: int
