"""Keep codes for the own record, requests of persons, lawful secrecy, and whose processing is restricted."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, Date, DateTime, LargeBinary, Text, Uuid

from grid_kernel.migrations import scope_by_area
from grid_kernel.types import AREA_CODE

revision = "0011"
down_revision = "0010"
MOMENT = DateTime(timezone=True)


def _of_a_person(table: str, *columns: Column[object] | sa.Constraint) -> None:
    op.create_table(
        table,
        Column("id", Uuid, nullable=False),
        Column("person_id", Uuid, nullable=False),
        Column("area_code", AREA_CODE, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=f"fk_{table}_person_id"),
    )
    scope_by_area(op, table, service="population")


def upgrade() -> None:
    op.add_column("person", Column("restricted_on", Date))
    _of_a_person(
        "own_access",
        Column("code_index", LargeBinary(16), nullable=False),
        Column("issued_by", Text, nullable=False),
        Column("issued_at", MOMENT, nullable=False),
        Column("expires_at", MOMENT, nullable=False),
        Column("wrong_tries", sa.Integer, nullable=False),
        Column("pass_index", LargeBinary(16)),
        Column("closes_at", MOMENT),
        sa.UniqueConstraint("code_index", name="uq_own_access_code_index"),
        sa.UniqueConstraint("pass_index", name="uq_own_access_pass_index"),
    )
    _of_a_person(
        "data_request",
        Column("kind", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("words", LargeBinary),
        Column("asked_at", MOMENT, nullable=False),
        Column("due_at", MOMENT, nullable=False),
        Column("decided_at", MOMENT),
        Column("answer", LargeBinary),
        Column("version", sa.Integer, nullable=False),
    )
    op.create_index("ix_data_request_person_id", "data_request", ["person_id"])
    op.create_index("ix_data_request_area_code", "data_request", ["area_code", "state", "due_at"])
    _of_a_person(
        "secrecy",
        Column("post", Text),
        Column("unit", Text),
        Column("since", Date, nullable=False),
        Column("until", Date, nullable=False),
        Column("basis", LargeBinary, nullable=False),
        Column("proposed_by", Text, nullable=False),
        Column("proposed_at", MOMENT, nullable=False),
        Column("confirmed_by", Text),
        Column("confirmed_at", MOMENT),
        Column("ended_at", MOMENT),
        Column("version", sa.Integer, nullable=False),
    )
    op.create_index("ix_secrecy_person_id", "secrecy", ["person_id"])


def downgrade() -> None:
    for table in ("secrecy", "data_request", "own_access"):
        op.drop_table(table)
    op.drop_column("person", "restricted_on")
