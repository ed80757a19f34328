"""When service points are open, by dated weeks; photographs of things."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "opening_week",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column(
            "service_point_id",
            sa.Uuid(),
            sa.ForeignKey("service_point.id", name=op.f("fk_opening_week_service_point_id")),
            nullable=False,
        ),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date()),
        sa.Column("hours", JSONB(), nullable=False),
        sa.Column("on_holidays", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String()),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("valid_to > valid_from", name=op.f("ck_opening_week_days")),
    )
    op.create_index(op.f("ix_opening_week_service_point_id"), "opening_week", ["service_point_id"])
    op.add_column("thing", sa.Column("photos", ARRAY(sa.Text()), nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("thing", "photos")
    op.drop_table("opening_week")
