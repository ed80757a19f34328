"""Campaigns, the homes they are about, and what was answered there."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, Date, DateTime, Integer, LargeBinary, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from grid_kernel.migrations import scope_by_area
from grid_kernel.types import AREA_CODE

revision = "0016"
down_revision = "0015"
MOMENT = DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "campaign",
        Column("id", Uuid, nullable=False),
        Column("area_code", AREA_CODE, nullable=False),
        Column("kind", Text, nullable=False),
        Column("name", Text, nullable=False),
        Column("form_id", Uuid, nullable=False),
        *(Column(name, Text, nullable=False) for name in ("subject", "owner", "basis")),
        Column("selection", JSONB, nullable=False),
        Column("starts_on", Date, nullable=False),
        Column("ends_on", Date, nullable=False),
        Column("state", Text, nullable=False),
        Column("members", Integer, nullable=False),
        Column("asked_by", Text, nullable=False),
        Column("asked_at", MOMENT, nullable=False),
        Column("ended_at", MOMENT),
        Column("version", Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_campaign"),
        sa.ForeignKeyConstraint(["form_id"], ["form.id"], name="fk_campaign_form_id"),
    )
    op.create_index("ix_campaign_area_code", "campaign", ["area_code", "id"])
    op.create_table(
        "campaign_member",
        Column("campaign_id", Uuid, nullable=False),
        Column("target_id", Uuid, nullable=False),
        Column("answered_at", MOMENT),
        sa.PrimaryKeyConstraint("campaign_id", "target_id", name="pk_campaign_member"),
    )
    op.create_index("ix_campaign_member_target_id", "campaign_member", ["target_id"])
    op.create_table(
        "campaign_answer",
        Column("id", Uuid, nullable=False),
        Column("campaign_id", Uuid, nullable=False),
        Column("target_id", Uuid, nullable=False),
        Column("area_code", AREA_CODE, nullable=False),
        Column("answers", LargeBinary, nullable=False),
        Column("worker_id", Text, nullable=False),
        Column("answered_at", MOMENT, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_campaign_answer"),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name="fk_campaign_answer_campaign_id"),
    )
    columns = ["campaign_id", "target_id", "answered_at"]
    op.create_index("ix_campaign_answer_campaign_id", "campaign_answer", columns)
    scope_by_area(op, "campaign_answer", service="population")


def downgrade() -> None:
    for table in ("campaign_answer", "campaign_member", "campaign"):
        op.drop_table(table)
