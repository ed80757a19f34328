"""Keep organisations and volunteer teams with their history, seats, and what communities publish."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, Date, DateTime, LargeBinary, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

from grid_kernel.migrations import scope_by_area
from grid_kernel.types import AREA_CODE
from population_svc.history import keep_versions, only_append

revision = "0015"
down_revision = "0014"
MOMENT = DateTime(timezone=True)


def _organization() -> list[Column]:
    return [
        Column("id", Uuid, nullable=False),
        Column("area_code", AREA_CODE, nullable=False),
        Column("building_id", Uuid),
        Column("kind", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("uscc", Text),
        Column("address", Text, nullable=False),
        Column("version", sa.Integer, nullable=False),
    ]


def _team() -> list[Column]:
    return [
        Column("id", Uuid, nullable=False),
        Column("area_code", AREA_CODE, nullable=False),
        Column("kind", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("hours", Text, nullable=False),
        Column("members", sa.Integer, nullable=False),
        Column("unit_code", Text),
        Column("version", sa.Integer, nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "organization",
        *_organization(),
        Column("name_grams", ARRAY(Text), nullable=False),
        Column("contact_name", LargeBinary),
        Column("contact_phone", LargeBinary),
        Column("opened_on", Date, nullable=False),
        Column("closed_on", Date),
        Column("effective_on", Date, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organization"),
    )
    op.create_index("ix_organization_building_id", "organization", ["building_id"])
    op.create_index("ix_organization_area_code", "organization", ["area_code", "id"])
    op.create_index(
        "uq_organization_uscc_open",
        "organization",
        ["uscc"],
        unique=True,
        postgresql_where=sa.text("closed_on is null"),
    )
    op.create_index("ix_organization_name_grams", "organization", ["name_grams"], postgresql_using="gin")
    op.create_table(
        "volunteer_team",
        *_team(),
        Column("leader_name", LargeBinary),
        Column("leader_phone", LargeBinary),
        Column("formed_on", Date, nullable=False),
        Column("ended_on", Date),
        Column("effective_on", Date, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_volunteer_team"),
    )
    op.create_index("ix_volunteer_team_area_code", "volunteer_team", ["area_code", "id"])
    _seats_and_documents()
    for table in ("organization", "volunteer_team", "seat", "public_document"):
        scope_by_area(op, table, service="population")
    _versions("organization", _organization(), "closed_on")
    _versions("volunteer_team", _team(), "ended_on")


def _seats_and_documents() -> None:
    op.create_table(
        "seat",
        Column("id", Uuid, nullable=False),
        Column("area_code", AREA_CODE, nullable=False),
        Column("body", Text, nullable=False),
        Column("role", Text, nullable=False),
        Column("person_id", Uuid, nullable=False),
        Column("since", Date, nullable=False),
        Column("until", Date, nullable=False),
        Column("ended_on", Date),
        Column("version", sa.Integer, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_seat"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_seat_person_id"),
    )
    op.create_index("ix_seat_person_id", "seat", ["person_id"])
    op.create_index("ix_seat_area_code", "seat", ["area_code", "body", "id"])
    held = sa.text("ended_on is null")
    op.create_index("uq_seat_held", "seat", ["body", "area_code", "person_id"], unique=True, postgresql_where=held)
    chair = sa.text("ended_on is null and role = 'chair'")
    op.create_index("uq_seat_chair", "seat", ["body", "area_code"], unique=True, postgresql_where=chair)
    op.create_table(
        "public_document",
        Column("id", Uuid, nullable=False),
        Column("area_code", AREA_CODE, nullable=False),
        Column("kind", Text, nullable=False),
        Column("title", Text, nullable=False),
        Column("body", Text, nullable=False),
        Column("published_on", Date, nullable=False),
        Column("replaced_on", Date),
        Column("recorded_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_public_document"),
    )
    op.create_index("ix_public_document_area_code", "public_document", ["area_code", "kind", "published_on"])


def _versions(table: str, columns: list[Column], end: str) -> None:
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
    scope_by_area(op, versions, service="population")
    for statement in [*only_append(table, service="population"), *keep_versions(table, kept, end=end)]:
        op.execute(statement)


def downgrade() -> None:
    for table in ("organization", "volunteer_team"):
        op.drop_table(f"{table}_version")
        op.execute(f"drop function {table}_version_guard()")
    for table in ("public_document", "seat", "volunteer_team", "organization"):
        op.drop_table(table)
    for table in ("organization", "volunteer_team"):
        op.execute(f"drop function {table}_keep_versions()")
