"""Keep what was last said of each grid in a quarter."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, Text

from grid_kernel.migrations import scope_by_area
from grid_kernel.types import AREA_CODE

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "grid_figures",
        Column("area_code", AREA_CODE, nullable=False),
        Column("quarter", Text, nullable=False),
        *(
            Column(name, sa.Integer, nullable=False)
            for name in ("households", "persons", "visited", "fresh", "version")
        ),
        sa.PrimaryKeyConstraint("area_code", "quarter", name="pk_grid_figures"),
    )
    scope_by_area(op, "grid_figures", service="population")


def downgrade() -> None:
    op.drop_table("grid_figures")
