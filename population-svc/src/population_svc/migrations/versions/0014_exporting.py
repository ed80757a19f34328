"""Take rows out of the register: who asked, for what, who agreed, and the file until it expires."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Boolean, Column, DateTime, Integer, LargeBinary, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

from grid_kernel.migrations import scope_by_area
from grid_kernel.types import AREA_CODE

revision = "0014"
down_revision = "0013"
MOMENT = DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "export_job",
        Column("id", Uuid, nullable=False),
        Column("area_code", AREA_CODE, nullable=False),
        Column("actor_id", Text, nullable=False),
        Column("post", Text, nullable=False),
        Column("post_area", AREA_CODE, nullable=False),
        Column("unit", Text),
        Column("subject", Text, nullable=False),
        Column("elements", ARRAY(Text), nullable=False),
        Column("whole", Boolean, nullable=False),
        Column("format", Text, nullable=False),
        Column("purpose", Text, nullable=False),
        Column("reason", LargeBinary, nullable=False),
        Column("state", Text, nullable=False),
        Column("rows", Integer, nullable=False),
        Column("sealed", ARRAY(Text), nullable=False),
        Column("downloads", Integer, nullable=False),
        Column("asked_at", MOMENT, nullable=False),
        Column("decided_by", Text),
        Column("decided_at", MOMENT),
        Column("ready_at", MOMENT),
        Column("expires_at", MOMENT),
        Column("version", Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_export_job"),
    )
    op.create_index("ix_export_job_area_code", "export_job", ["area_code", "id"])
    op.create_index("ix_export_job_state", "export_job", ["state"])
    scope_by_area(op, "export_job", service="population")


def downgrade() -> None:
    op.drop_table("export_job")
