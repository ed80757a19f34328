"""Create the register: dwellings, households, persons, occupancies with their versions; visits, care, grids."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Boolean, Column, Date, DateTime, Integer, LargeBinary, Numeric, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

from grid_kernel.codes import codes
from grid_kernel.migrations import create_kernel_tables, drop_kernel_tables, scope_by_area
from grid_kernel.types import AREA_CODE, uuid7
from population_svc.history import keep_versions, only_append

revision = "0001"
down_revision = None

SERVICE = "population"
MOMENT = DateTime(timezone=True)
SCOPED = ("dwelling", "household", "person", "occupancy", "visit", "care_entry", "follow_up")


def dwelling() -> list[Column]:
    return [
        Column("id", Uuid, nullable=False),
        Column("building_id", Uuid, nullable=False),
        Column("area_code", AREA_CODE, nullable=False),
        Column("house_code", Text, nullable=False),
        Column("entrance", Integer, nullable=False),
        Column("floor", Integer, nullable=False),
        Column("room_no", Text, nullable=False),
        Column("use", Text, nullable=False),
        Column("area_m2", Numeric(8, 2)),
        Column("address", Text, nullable=False),
        Column("synthetic", Boolean, nullable=False),
        Column("version", Integer, nullable=False),
    ]


def household() -> list[Column]:
    return [
        Column("id", Uuid, nullable=False),
        Column("dwelling_id", Uuid, nullable=False),
        Column("area_code", AREA_CODE, nullable=False),
        Column("roster_key", AREA_CODE, nullable=False),
        Column("household_type", Text, nullable=False),
        Column("presence", Text, nullable=False),
        Column("head_person_id", Uuid),
        Column("formed_on", Date, nullable=False),
        Column("dissolved_on", Date),
        Column("phone", LargeBinary),
        Column("synthetic", Boolean, nullable=False),
        Column("version", Integer, nullable=False),
    ]


def person() -> list[Column]:
    return [
        Column("id", Uuid, nullable=False),
        Column("area_code", AREA_CODE, nullable=False),
        Column("name", Text, nullable=False),
        Column("sex", Text, nullable=False),
        Column("birth_date", Date, nullable=False),
        Column("id_document_type", Text, nullable=False),
        Column("id_number", LargeBinary),
        Column("phone", LargeBinary),
        Column("population_type", Text, nullable=False),
        Column("registered_here", Boolean, nullable=False),
        Column("status", Text, nullable=False),
        Column("left_on", Date),
        Column("synthetic", Boolean, nullable=False),
        Column("version", Integer, nullable=False),
    ]


def occupancy() -> list[Column]:
    return [
        Column("id", Uuid, nullable=False),
        Column("person_id", Uuid, nullable=False),
        Column("household_id", Uuid, nullable=False),
        Column("dwelling_id", Uuid, nullable=False),
        Column("area_code", AREA_CODE, nullable=False),
        Column("relation_to_head", Text, nullable=False),
    ]


KEPT = {
    "dwelling": (dwelling, None),
    "household": (household, "dissolved_on"),
    "person": (person, None),
    "occupancy": (occupancy, "valid_to"),
}


def upgrade() -> None:
    create_kernel_tables(op)
    _register()
    _visiting()
    _care()
    _grids()
    for table in SCOPED:
        scope_by_area(op, table, service=SERVICE)
    for table, (columns, end) in KEPT.items():
        _versions(table, columns(), end)


def _row(table: str, columns: list[Column], *more: sa.schema.SchemaItem) -> None:
    op.create_table(
        table,
        *columns,
        Column("effective_on", Date, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        *more,
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
    )


def _foreign(table: str, column: str, target: str, key: str = "id") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.{key}"], name=f"fk_{table}_{column}")


def _register() -> None:
    _row(
        "dwelling",
        dwelling(),
        Column("address_grams", ARRAY(Text), nullable=False),
        sa.UniqueConstraint("house_code", name="uq_dwelling_house_code"),
    )
    op.create_index("ix_dwelling_building_id", "dwelling", ["building_id"])
    op.create_index("ix_dwelling_area_code", "dwelling", ["area_code", "house_code"])
    op.create_index(
        "ix_dwelling_address_grams",
        "dwelling",
        ["address_grams"],
        postgresql_using="gin",
        postgresql_with={"fastupdate": "off"},
    )
    _row("household", household(), Column("phone_index", LargeBinary), _foreign("household", "dwelling_id", "dwelling"))
    op.create_index("ix_household_dwelling_id", "household", ["dwelling_id"])
    op.create_index("ix_household_roster", "household", ["area_code", "roster_key", "id"])
    _row(
        "person",
        person(),
        Column("name_grams", ARRAY(Text), nullable=False),
        Column("id_number_index", LargeBinary),
        Column("phone_index", LargeBinary),
        sa.UniqueConstraint("id_number_index", name="uq_person_id_number_index"),
    )
    op.create_index("ix_person_area_code", "person", ["area_code", "birth_date"])
    op.create_index("ix_person_birth_date", "person", ["birth_date"])
    op.create_index(
        "ix_person_name_grams", "person", ["name_grams"], postgresql_using="gin", postgresql_with={"fastupdate": "off"}
    )
    op.create_index(
        "ix_person_phone_index", "person", ["phone_index"], postgresql_where=sa.text("phone_index is not null")
    )
    _row(
        "occupancy",
        occupancy(),
        Column("valid_from", Date, nullable=False),
        Column("valid_to", Date),
        _foreign("occupancy", "person_id", "person"),
        _foreign("occupancy", "household_id", "household"),
        _foreign("occupancy", "dwelling_id", "dwelling"),
        sa.CheckConstraint("valid_to is null or valid_to >= valid_from", name="ends_after_it_starts"),
    )
    op.create_index("ix_occupancy_person_id", "occupancy", ["person_id"])
    op.create_index("ix_occupancy_household_id", "occupancy", ["household_id", "valid_to"])
    op.create_index("ix_occupancy_dwelling_id", "occupancy", ["dwelling_id"])
    op.create_index(
        "uq_occupancy_current", "occupancy", ["person_id"], unique=True, postgresql_where=sa.text("valid_to is null")
    )
    op.execute(
        "alter table occupancy add constraint ex_occupancy_one_place_at_a_time "
        "exclude using gist (person_id with =, daterange(valid_from, valid_to) with &&)"
    )


def _visiting() -> None:
    op.create_table(
        "visit",
        Column("id", Uuid, nullable=False),
        Column("household_id", Uuid, nullable=False),
        Column("dwelling_id", Uuid, nullable=False),
        Column("area_code", AREA_CODE, nullable=False),
        Column("grid_code_then", AREA_CODE, nullable=False),
        Column("visited_at", MOMENT, nullable=False),
        Column("visited_on", Date, nullable=False),
        Column("outcome", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("worker_id", Text, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_visit"),
        _foreign("visit", "household_id", "household"),
    )
    op.create_index("ix_visit_dwelling_id", "visit", ["dwelling_id"])
    op.create_index("ix_visit_household_id", "visit", ["household_id", "visited_on", "id"])
    op.create_index("ix_visit_area_code", "visit", ["area_code", "visited_on"])
    rule = op.create_table(
        "visit_rule",
        Column("id", Uuid, nullable=False),
        Column("area_code", AREA_CODE, nullable=False),
        Column("valid_from", Date, nullable=False),
        Column("valid_to", Date),
        Column("monthly_minimum", Integer, nullable=False),
        Column("coverage_percent", Integer, nullable=False),
        Column("care_visits", Integer, nullable=False),
        Column("care_gap_days", Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_visit_rule"),
        sa.UniqueConstraint("area_code", "valid_from", name="uq_visit_rule_area_code_valid_from"),
        sa.CheckConstraint(
            "coverage_percent between 1 and 100 and monthly_minimum >= 0 and care_visits >= 0", name="sane"
        ),
    )
    # Everywhere, from the start of the pilot: 80 households a month, 90 % of them in a quarter, care households thrice.
    pilot = {
        "area_code": "",
        "valid_from": sa.func.make_date(2013, 1, 1),
        "monthly_minimum": 80,
        "coverage_percent": 90,
    }
    op.execute(rule.insert().values(pilot | {"id": uuid7(), "care_visits": 3, "care_gap_days": 14}))


def _care() -> None:
    reason = op.create_table(
        "care_reason", Column("code", Text, nullable=False), sa.PrimaryKeyConstraint("code", name="pk_care_reason")
    )
    op.bulk_insert(reason, [{"code": code} for code in sorted(codes("population_svc", "care_reasons"))])
    op.create_table(
        "care_entry",
        Column("id", Uuid, nullable=False),
        Column("person_id", Uuid, nullable=False),
        Column("household_id", Uuid, nullable=False),
        Column("area_code", AREA_CODE, nullable=False),
        Column("reason", Text, nullable=False),
        Column("basis", LargeBinary, nullable=False),
        Column("starts_on", Date, nullable=False),
        Column("expires_on", Date, nullable=False),
        Column("ended_on", Date),
        Column("version", Integer, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_care_entry"),
        _foreign("care_entry", "person_id", "person"),
        _foreign("care_entry", "household_id", "household"),
        _foreign("care_entry", "reason", "care_reason", "code"),
        sa.CheckConstraint("expires_on > starts_on", name="expires_after_it_starts"),
    )
    op.create_index("ix_care_entry_person_id", "care_entry", ["person_id"])
    op.create_index("ix_care_entry_household_id", "care_entry", ["household_id"])
    op.create_index("ix_care_entry_area_code", "care_entry", ["area_code", "household_id"])
    op.create_index(
        "uq_care_entry_running",
        "care_entry",
        ["person_id", "reason"],
        unique=True,
        postgresql_where=sa.text("ended_on is null"),
    )
    op.create_table(
        "follow_up",
        Column("id", Uuid, nullable=False),
        Column("case_id", Uuid, nullable=False),
        Column("case_code", Text, nullable=False),
        Column("household_id", Uuid, nullable=False),
        Column("area_code", AREA_CODE, nullable=False),
        Column("requested_at", MOMENT, nullable=False),
        Column("visit_id", Uuid),
        sa.PrimaryKeyConstraint("id", name="pk_follow_up"),
        _foreign("follow_up", "household_id", "household"),
    )
    op.create_index("ix_follow_up_household_id", "follow_up", ["household_id"])


def _grids() -> None:
    op.create_table(
        "building_grid",
        Column("building_id", Uuid, nullable=False),
        Column("takes_effect_at", MOMENT, nullable=False),
        Column("area_code", AREA_CODE, nullable=False),
        Column("effective_on", Date, nullable=False),
        Column("building_no", Text),
        sa.PrimaryKeyConstraint("building_id", "takes_effect_at", "area_code", name="pk_building_grid"),
    )


def _versions(table: str, columns: list[Column], end: str | None) -> None:
    versions = f"{table}_version"
    kept = [column.name for column in columns]
    op.create_table(
        versions,
        Column("version_no", sa.BigInteger, sa.Identity(always=True), nullable=False),
        *columns,
        Column("grid_code_then", AREA_CODE, nullable=False),
        Column("valid_from", Date, nullable=False),
        Column("valid_to", Date),
        Column("recorded_at", MOMENT, nullable=False),
        Column("superseded_at", MOMENT),
        sa.PrimaryKeyConstraint("version_no", name=f"pk_{versions}"),
    )
    op.create_index(f"ix_{versions}_id", versions, ["id"])
    op.create_index(
        f"ix_{versions}_live_area_code",
        versions,
        ["area_code", "id"],
        postgresql_where=sa.text("superseded_at is null"),
    )
    scope_by_area(op, versions, service=SERVICE)
    for statement in [*only_append(table, service=SERVICE), *keep_versions(table, kept, end=end)]:
        op.execute(statement)


def downgrade() -> None:
    for table in KEPT:
        op.drop_table(f"{table}_version")
        op.execute(f"drop function {table}_version_guard()")
    for table in (
        "building_grid",
        "follow_up",
        "care_entry",
        "care_reason",
        "visit_rule",
        "visit",
        "occupancy",
        "person",
        "household",
        "dwelling",
    ):
        op.drop_table(table)
    for table in KEPT:
        op.execute(f"drop function {table}_keep_versions()")
    drop_kernel_tables(op)
