"""Accounts, sessions, units, posts and roster; a method per move, returning the event."""

from datetime import date, datetime
from uuid import UUID

from sqlmodel import Field, SQLModel

from gateway.rules import Duty, Half, Held, lock_after
from grid_kernel.auth import Post
from grid_kernel.contracts.gateway import AccountLocked, PostAssigned, PostVacated, UnitChanged, UnitRegistered
from grid_kernel.db import new_registry
from grid_kernel.types import AREA_CODE, EncryptedText, StringEnum, UtcDateTime, uuid7


class Base(SQLModel, registry=new_registry()):
    """Everything the gateway stores."""


class Account(Base, table=True):
    """Somebody who can sign in. What the account may do is in its posts, never here."""

    __tablename__ = "account"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    area_code: str = Field(sa_type=AREA_CODE, index=True)
    login: str = Field(unique=True)
    display_name: str
    password_hash: str | None = None
    totp_secret: str | None = Field(default=None, sa_type=EncryptedText("gateway.account.totp"))
    totp_confirmed: bool = False
    totp_last_counter: int = 0
    disabled: bool = False
    failures: int = 0
    locked_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    version: int = 1

    def fail(self, now: datetime) -> AccountLocked | None:
        """Count a failed try; the event when it locks the account."""
        self.failures += 1
        self.version += 1
        if not (wait := lock_after(self.failures)):
            return None
        self.locked_until = now + wait
        return AccountLocked(aggregate_id=self.id, sequence=self.version, occurred_at=now, area_code=self.area_code)

    def succeed(self) -> None:
        """Forget failed tries."""
        if self.failures or self.locked_until:
            self.failures, self.locked_until = 0, None
            self.version += 1

    def locked(self, now: datetime) -> bool:
        """Whether tries are not even looked at now."""
        return self.locked_until is not None and now < self.locked_until


class WebSession(Base, table=True):
    """A signed-in browser; the cookie's secret is stored as a hash only."""

    __tablename__ = "web_session"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    secret_hash: bytes = Field(unique=True)
    account_id: UUID = Field(foreign_key="account.id", index=True)
    started_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    kept: bool = False


class Unit(Base, table=True):
    """A department, station, committee, centre or team that can be given work."""

    __tablename__ = "unit"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    code: str = Field(unique=True)
    kind: str = Field(index=True)
    name: str
    area_code: str = Field(sa_type=AREA_CODE, index=True)
    phone: str | None = None
    active: bool = True
    synthetic: bool = False
    version: int = 1

    def registered(self, now: datetime) -> UnitRegistered:
        """What is said when a unit is new."""
        return UnitRegistered(
            aggregate_id=self.id,
            sequence=self.version,
            occurred_at=now,
            area_code=self.area_code,
            unit_code=self.code,
            kind=self.kind,
            name=self.name,
            active=self.active,
        )

    def change(self, name: str, phone: str | None, *, active: bool, now: datetime) -> UnitChanged:
        """Rename, reopen or close it."""
        self.name, self.phone, self.active = name, phone, active
        self.version += 1
        return UnitChanged.model_validate(self.registered(now).model_dump())


class PostAssignment(Base, table=True):
    """A post held by an account at an area from a day to a day, with a substitute."""

    __tablename__ = "post_assignment"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    post: Post = Field(sa_type=StringEnum(Post))
    area_code: str = Field(sa_type=AREA_CODE, index=True)
    unit_code: str | None = Field(default=None, index=True)
    account_id: UUID = Field(foreign_key="account.id", index=True)
    valid_from: date
    valid_to: date | None = None
    substitute_account_id: UUID | None = Field(default=None, foreign_key="account.id", index=True)
    to_reassign: bool = False
    synthetic: bool = False
    version: int = 1

    def held(self) -> Held:
        """The post as the rules see it."""
        return Held(
            post=self.post,
            area_code=self.area_code,
            unit_code=self.unit_code,
            account_id=self.account_id,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            substitute_account_id=self.substitute_account_id,
        )

    def assigned(self, now: datetime) -> PostAssigned:
        """What is said when somebody takes the post."""
        return PostAssigned(
            aggregate_id=self.id,
            sequence=self.version,
            occurred_at=now,
            area_code=self.area_code,
            post=self.post,
            unit_code=self.unit_code,
            account_id=self.account_id,
            valid_from=self.valid_from,
        )

    def vacate(self, on: date, now: datetime) -> PostVacated:
        """End it on a day."""
        self.valid_to = on
        self.version += 1
        return PostVacated(
            aggregate_id=self.id,
            sequence=self.version,
            occurred_at=now,
            area_code=self.area_code,
            post=self.post,
            valid_to=on,
        )


class RosterEntry(Base, table=True):
    """Which duty an account has on a half-day: A the window, B the grid."""

    __tablename__ = "roster_entry"

    id: UUID = Field(default_factory=uuid7, primary_key=True)
    account_id: UUID = Field(foreign_key="account.id")
    day: date
    half: Half = Field(sa_type=StringEnum(Half))
    duty: Duty = Field(sa_type=StringEnum(Duty))
    area_code: str = Field(sa_type=AREA_CODE, index=True)
    version: int = 1
