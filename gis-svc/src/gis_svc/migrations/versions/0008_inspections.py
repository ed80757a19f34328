"""Inspections of things, and safety checks in homes whose residents agreed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from grid_kernel.migrations import scope_by_area, unscope

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "inspection",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column(
            "thing_id", sa.Uuid(), sa.ForeignKey("thing.id", name=op.f("fk_inspection_thing_id")), nullable=False
        ),
        sa.Column("inspected_on", sa.Date(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("note", sa.String()),
        sa.Column("attachments", ARRAY(sa.Text()), nullable=False),
        sa.Column("next_inspection_on", sa.Date()),
        sa.Column("recorded_at", TIME, nullable=False),
    )
    op.create_index(op.f("ix_inspection_thing_id"), "inspection", ["thing_id"])
    op.create_table(
        "home_check",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("area_code", sa.Text(collation="C"), nullable=False),
        sa.Column("building_id", sa.Uuid(), nullable=False),
        sa.Column("dwelling_id", sa.Uuid(), nullable=False),
        sa.Column("consent_form", sa.Text(), nullable=False),
        sa.Column("agreed_on", sa.Date(), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("appliances", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("expires_on > checked_on", name=op.f("ck_home_check_expiry")),
    )
    op.create_index(op.f("ix_home_check_area_code"), "home_check", ["area_code"])
    op.create_index(op.f("ix_home_check_building_id"), "home_check", ["building_id"])
    op.create_index(op.f("ix_home_check_expires_on"), "home_check", ["expires_on"])
    scope_by_area(op, "home_check", service="gis")


def downgrade() -> None:
    unscope(op, "home_check")
    op.drop_table("home_check")
    op.drop_table("inspection")
