"""Column types: what a model writes, what PostgreSQL is told, and what is refused on the way."""

import threading
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Dialect, MetaData, Table
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.orm import registry
from sqlalchemy.schema import CreateTable
from sqlmodel import Field, SQLModel, col, select

from grid_kernel.crypto import Keys, KeysMissing, Tampered
from grid_kernel.types import (
    AREA_CODE,
    BlindIndex,
    EncryptedText,
    StringEnum,
    UtcDateTime,
    area_code_column,
    bind_keys,
    uuid7,
    uuid7_at,
)


class Residence(StrEnum):
    REGISTERED_HERE = "registered_here"
    ELSEWHERE = "elsewhere"


class Base(SQLModel, registry=registry(metadata=MetaData())):
    pass


class Resident(Base, table=True):
    id: UUID = Field(default_factory=uuid7, primary_key=True)
    area_code: str = Field(sa_type=AREA_CODE, index=True)
    phone: str | None = Field(default=None, sa_type=EncryptedText("population.resident.phone"))
    phone_index: str | bytes | None = Field(default=None, index=True, sa_type=BlindIndex("population.resident.phone"))
    residence: Residence = Field(sa_type=StringEnum(Residence))
    moved_in_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Post(Base, table=True):
    id: UUID = Field(default_factory=uuid7, primary_key=True)
    area_code: str = Field(sa_column=area_code_column())


TABLE: Table = Resident.__table__  # type: ignore[attr-defined]  # every table model has one


def bare_dialect() -> Dialect:
    return asyncpg_dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it unannotated


def dialect_with(keys: Keys) -> Dialect:
    dialect = bare_dialect()
    bind_keys(dialect, keys)
    return dialect


def bound(column: str, value: object, dialect: Dialect) -> Any:
    process = TABLE.c[column].type._cached_bind_processor(dialect)
    return process(value) if process else value


def loaded(column: str, value: object, dialect: Dialect) -> Any:
    process = TABLE.c[column].type._cached_result_processor(dialect, None)
    return process(value) if process else value


@pytest.fixture(scope="module")
def keys() -> Keys:
    return Keys.generate()


@pytest.fixture(scope="module")
def dialect(keys: Keys) -> Dialect:
    return dialect_with(keys)


def test_the_tables_are_plain_postgresql_without_enum_types(dialect: Dialect) -> None:
    ddl = str(CreateTable(TABLE).compile(dialect=dialect))
    assert 'area_code TEXT COLLATE "C" NOT NULL' in ddl
    assert "phone BYTEA," in ddl
    assert "phone_index BYTEA," in ddl
    assert "residence TEXT NOT NULL" in ddl
    assert "moved_in_at TIMESTAMP WITH TIME ZONE," in ddl


def test_an_area_column_can_be_made_as_a_whole(dialect: Dialect) -> None:
    table: Table = Post.__table__  # type: ignore[attr-defined]  # every table model has one
    assert 'area_code TEXT COLLATE "C" NOT NULL' in str(CreateTable(table).compile(dialect=dialect))
    assert [index.columns.keys() for index in table.indexes] == [["area_code"]]


def test_a_telephone_is_stored_unreadable_and_read_back(dialect: Dialect, keys: Keys) -> None:
    stored = bound("phone", "12000000000", dialect)
    assert b"12000000000" not in stored
    assert keys.decrypt(stored, "population.resident.phone") == b"12000000000"
    assert loaded("phone", stored, dialect) == "12000000000"


def test_an_absent_value_stays_absent_in_every_type(dialect: Dialect) -> None:
    columns = ("phone", "phone_index", "residence", "moved_in_at")
    assert [bound(name, None, dialect) for name in columns] == [None] * 4
    assert [loaded(name, None, dialect) for name in columns] == [None] * 4


def test_a_resident_is_found_by_plain_telephone_through_the_hash(dialect: Dialect, keys: Keys) -> None:
    statement = select(Resident).where(Resident.phone_index == "12000000000").compile(dialect=dialect)
    processors: dict[str, Any] = dict(statement._bind_processors)
    sent = [processors[name](value) for name, value in statement.params.items()]
    assert "phone_index = $1" in str(statement)
    assert sent == [keys.blind_index("12000000000", "population.resident.phone")]


def test_a_hash_that_was_loaded_is_stored_again_unchanged(dialect: Dialect, keys: Keys) -> None:
    index = keys.blind_index("12000000000", "population.resident.phone")
    assert bound("phone_index", index, dialect) == index


def test_comparing_or_sorting_an_encrypted_column_is_refused_at_once() -> None:
    with pytest.raises(TypeError, match="BlindIndex"):
        col(Resident.phone) == "12000000000"  # noqa: B015
    with pytest.raises(TypeError, match="BlindIndex"):
        col(Resident.phone).in_(["12000000000"])
    with pytest.raises(TypeError, match="BlindIndex"):
        col(Resident.phone).desc()


def test_whether_an_encrypted_value_exists_may_be_asked(dialect: Dialect) -> None:
    statement = select(Resident.id).where(col(Resident.phone).is_not(None))
    assert "phone IS NOT NULL" in str(statement.compile(dialect=dialect))
    assert "phone IS NULL" in str(select(Resident.id).where(col(Resident.phone).is_(None)).compile(dialect=dialect))


def test_an_engine_without_keys_says_what_is_missing() -> None:
    with pytest.raises(KeysMissing, match="bind_keys"):
        bound("phone", "12000000000", bare_dialect())


def test_two_services_in_one_process_keep_their_keys_apart() -> None:
    ours, theirs = dialect_with(Keys.generate()), dialect_with(Keys.generate())
    stored = bound("phone", "12000000000", ours)
    assert loaded("phone", stored, ours) == "12000000000"
    with pytest.raises(Tampered):
        loaded("phone", stored, theirs)
    assert bound("phone_index", "12000000000", ours) != bound("phone_index", "12000000000", theirs)


def test_a_state_is_stored_as_text_and_loaded_as_its_enum(dialect: Dialect) -> None:
    assert type(bound("residence", Residence.ELSEWHERE, dialect)) is str
    assert bound("residence", "elsewhere", dialect) == "elsewhere"
    assert loaded("residence", "elsewhere", dialect) is Residence.ELSEWHERE


def test_a_state_outside_the_enum_is_not_stored(dialect: Dialect) -> None:
    with pytest.raises(ValueError, match="nonsense"):
        bound("residence", "nonsense", dialect)


def test_a_time_without_zone_is_not_stored(dialect: Dialect) -> None:
    with pytest.raises(ValueError, match="time zone"):
        bound("moved_in_at", datetime(2026, 3, 1, 8, 0), dialect)  # noqa: DTZ001


def test_a_time_of_any_zone_is_stored_as_utc(dialect: Dialect) -> None:
    shanghai = datetime(2026, 3, 1, 8, 0, tzinfo=timezone(timedelta(hours=8)))
    assert bound("moved_in_at", shanghai, dialect) == datetime(2026, 3, 1, tzinfo=UTC)
    assert bound("moved_in_at", shanghai, dialect).utcoffset() == timedelta(0)


def test_identifiers_are_version_seven_and_carry_their_moment() -> None:
    before = datetime.now(UTC)
    made = uuid7()
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    carried = datetime.fromtimestamp((made.int >> 80) / 1000, UTC)
    assert abs(carried - before) < timedelta(seconds=5)


def test_identifiers_only_ever_grow() -> None:
    made = [uuid7() for _ in range(20_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_identifiers_of_several_threads_never_meet() -> None:
    made: list[UUID] = []
    threads = [threading.Thread(target=lambda: made.extend([uuid7() for _ in range(3000)])) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 12_000


def test_the_example_of_rfc_9562_comes_out_of_its_parts() -> None:
    moment = datetime(2022, 2, 22, 14, 22, 22, tzinfo=timezone(timedelta(hours=-5)))
    assert uuid7_at(moment, 0xCC3 << 62 | 0x18C4DC0C0C07398F) == UUID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")
