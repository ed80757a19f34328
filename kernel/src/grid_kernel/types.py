"""Column types every service uses, and the one maker of identifiers."""

import secrets
import threading
import time
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Column, DateTime, Dialect, LargeBinary, Text
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeDecorator, TypeEngine

from grid_kernel.crypto import INDEX_BYTES, Keys, KeysMissing

AREA_CODE = Text(collation="C")
"""The type of every `area_code` column: byte order makes the prefix range of area scope an index range."""

_RANDOM_BITS = 74
_last = 0
_lock = threading.Lock()


def uuid7() -> UUID:
    """Make a UUIDv7 (RFC 9562), later ones always greater within this process."""
    global _last  # noqa: PLW0603
    fresh = (time.time_ns() // 1_000_000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
    with _lock:
        if fresh >> _RANDOM_BITS <= _last >> _RANDOM_BITS:
            fresh = _last + 1 + secrets.randbits(32)
        _last = fresh
    return _as_uuid7(fresh)


def uuid7_at(moment: datetime, random_bits: int) -> UUID:
    """Make the UUIDv7 of a given moment and 74 given bits, for data that must come out the same twice."""
    milliseconds = round(moment.timestamp() * 1000)
    return _as_uuid7(milliseconds << _RANDOM_BITS | random_bits & (1 << _RANDOM_BITS) - 1)


def _as_uuid7(bits: int) -> UUID:
    high, low = bits >> 62, bits & (1 << 62) - 1
    return UUID(int=(high >> 12) << 80 | 0x7 << 76 | (high & 0xFFF) << 64 | 0b10 << 62 | low)


def bind_keys(dialect: Dialect, keys: Keys) -> None:
    """Give the encrypting column types of one engine (or one compiling dialect) its service's keys."""
    dialect.grid_keys = keys  # type: ignore[attr-defined]  # several services may share a process, never a dialect


def keys_of(dialect: Dialect) -> Keys:
    keys: Keys | None = getattr(dialect, "grid_keys", None)
    if keys is None:
        raise KeysMissing(
            "no data keys are bound to this engine: call bind_keys(engine.dialect, keys) where it is made"
        )
    return keys


class _NoComparison(TypeDecorator.Comparator[str]):
    """Two encryptions of the same text differ, so a comparison would silently find nothing."""

    def operate(self, op: operators.OperatorType, *other: Any, **kwargs: Any) -> Any:
        if op not in (operators.is_, operators.is_not):
            raise TypeError("an encrypted column cannot be compared or sorted; compare its BlindIndex column")
        return super().operate(op, *other, **kwargs)


class EncryptedText(TypeDecorator[str]):
    """Text that is stored encrypted (bytea); the label, such as population.person.phone, is authenticated with it."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, label: str) -> None:
        super().__init__()
        self.label = label

    @property
    def comparator_factory(self) -> type[TypeEngine.Comparator[Any]]:  # type: ignore[override]
        return _NoComparison

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else keys_of(dialect).encrypt(value.encode(), self.label)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else keys_of(dialect).decrypt(value, self.label).decode()


class BlindIndex(TypeDecorator[str | bytes]):
    """Keyed hash (16 bytes) beside an encrypted column: give it text to store or to find, it answers the hash."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, label: str) -> None:
        super().__init__(INDEX_BYTES)
        self.label = label

    def process_bind_param(self, value: str | bytes | None, dialect: Dialect) -> bytes | None:
        return keys_of(dialect).blind_index(value, self.label) if isinstance(value, str) else value


E = TypeVar("E", bound=StrEnum)


class StringEnum(TypeDecorator[E], Generic[E]):
    """A StrEnum stored as text; a value outside the enum is refused before it is stored."""

    impl = Text
    cache_ok = True

    def __init__(self, enum: type[E]) -> None:
        super().__init__()
        self.enum = enum

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else self.enum(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:  # noqa: ARG002
        return None if value is None else self.enum(value)


class UtcDateTime(TypeDecorator[datetime]):
    """timestamptz that refuses a time without zone; the driver answers UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is not None and value.utcoffset() is None:
            raise ValueError("a stored time needs a time zone")
        return None if value is None else value.astimezone(UTC)


def area_code_column(**kwargs: Any) -> Column[str]:
    """Make an area column for `Field(sa_column=...)`; inside a shared base class use `sa_type=AREA_CODE` instead."""
    return Column(AREA_CODE, **{"nullable": False, "index": True} | kwargs)
