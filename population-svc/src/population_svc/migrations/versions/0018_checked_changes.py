"""Keep which members are checked before they count, and the changes that wait for it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, Date, DateTime, LargeBinary, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

from grid_kernel.migrations import scope_by_area
from grid_kernel.types import AREA_CODE

revision = "0018"
down_revision = "0017"
MOMENT = DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "check_setting",
        Column("id", Uuid, nullable=False),
        Column("area_code", AREA_CODE, nullable=False),
        Column("kind", Text, nullable=False),
        Column("member", Text, nullable=False),
        Column("valid_from", Date, nullable=False),
        Column("valid_to", Date),
        Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_check_setting"),
        sa.UniqueConstraint(
            "area_code", "kind", "member", "valid_from", name="uq_check_setting_area_code_kind_member_valid_from"
        ),
    )
    op.create_table(
        "pending_change",
        Column("id", Uuid, nullable=False),
        Column("kind", Text, nullable=False),
        Column("object_id", Uuid, nullable=False),
        Column("area_code", AREA_CODE, nullable=False),
        Column("members", ARRAY(Text), nullable=False),
        Column("changes", LargeBinary, nullable=False),
        Column("evidence", Text),
        Column("effective_on", Date, nullable=False),
        Column("asked_by", Text, nullable=False),
        Column("asked_post", Text),
        Column("asked_unit", Text),
        Column("asked_at", MOMENT, nullable=False),
        Column("state", Text, nullable=False),
        Column("refusal", Text),
        Column("decided_at", MOMENT),
        Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pending_change"),
    )
    op.create_index("ix_pending_change_object_id", "pending_change", ["object_id"])
    op.create_index("ix_pending_change_area_code", "pending_change", ["area_code", "state", "id"])
    scope_by_area(op, "pending_change", service="population")


def downgrade() -> None:
    op.drop_table("pending_change")
    op.drop_table("check_setting")
