"""Keep partial dates of birth, records that became one, and pairs that were found to be two persons."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, DateTime, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from grid_kernel.migrations import scope_by_area
from grid_kernel.types import AREA_CODE

revision = "0007"
down_revision = "0006"
MOMENT = DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("person", Column("birth_precision", Text, nullable=False, server_default="day"))
    op.alter_column("person", "birth_precision", server_default=None)
    op.create_table(
        "person_merger",
        Column("id", Uuid, nullable=False),
        Column("kept_id", Uuid, nullable=False),
        Column("merged_id", Uuid, nullable=False),
        Column("area_code", AREA_CODE, nullable=False),
        Column("before", JSONB, nullable=False),
        Column("merged_at", MOMENT, nullable=False),
        Column("undone_at", MOMENT),
        Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_person_merger"),
        sa.ForeignKeyConstraint(["kept_id"], ["person.id"], name="fk_person_merger_kept_id"),
        sa.ForeignKeyConstraint(["merged_id"], ["person.id"], name="fk_person_merger_merged_id"),
    )
    op.create_index("ix_person_merger_kept_id", "person_merger", ["kept_id"])
    scope_by_area(op, "person_merger", service="population")
    op.create_table(
        "distinct_pair",
        Column("first_id", Uuid, nullable=False),
        Column("second_id", Uuid, nullable=False),
        Column("decided_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("first_id", "second_id", name="pk_distinct_pair"),
    )


def downgrade() -> None:
    op.drop_table("distinct_pair")
    op.drop_table("person_merger")
    op.drop_column("person", "birth_precision")
