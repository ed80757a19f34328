"""Ask back about visits, and keep on what basis somebody is on the care list and why that ended."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, Date, DateTime, LargeBinary, Text, Uuid

from grid_kernel.migrations import scope_by_area
from grid_kernel.types import AREA_CODE

revision = "0006"
down_revision = "0005"
MOMENT = DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "spot_check",
        Column("id", Uuid, nullable=False),
        Column("household_id", Uuid, nullable=False),
        Column("visit_id", Uuid),
        Column("area_code", AREA_CODE, nullable=False),
        Column("about", Text, nullable=False),
        Column("drawn_on", Date, nullable=False),
        Column("answer", Text),
        Column("answered_at", MOMENT),
        Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_spot_check"),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name="fk_spot_check_household_id"),
        sa.UniqueConstraint("household_id", "drawn_on", name="uq_spot_check_household_id_drawn_on"),
    )
    op.create_index("ix_spot_check_area_code", "spot_check", ["area_code", "drawn_on"])
    scope_by_area(op, "spot_check", service="population")
    op.add_column("care_entry", Column("basis_kind", Text, nullable=False, server_default="consent"))
    op.alter_column("care_entry", "basis_kind", server_default=None)
    op.add_column("care_entry", Column("guardian", LargeBinary))
    op.add_column("care_entry", Column("end_reason", Text))
    op.create_check_constraint("guardian_named", "care_entry", "basis_kind <> 'guardian' or guardian is not null")


def downgrade() -> None:
    op.drop_constraint("ck_care_entry_guardian_named", "care_entry")
    for column in ("end_reason", "guardian", "basis_kind"):
        op.drop_column("care_entry", column)
    op.drop_table("spot_check")
