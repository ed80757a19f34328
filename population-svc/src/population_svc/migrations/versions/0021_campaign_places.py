"""What the buildings and things of a campaign are called, and where they stand."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, Text, Uuid

from grid_kernel.migrations import scope_by_area
from grid_kernel.types import AREA_CODE

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_table(
        "campaign_place",
        Column("campaign_id", Uuid, nullable=False),
        Column("id", Uuid, nullable=False),
        Column("area_code", AREA_CODE, nullable=False),
        *(Column(name, Text, nullable=False) for name in ("kind", "name", "address")),
        sa.PrimaryKeyConstraint("campaign_id", "id", name="pk_campaign_place"),
    )
    scope_by_area(op, "campaign_place", service="population")


def downgrade() -> None:
    op.drop_table("campaign_place")
