"""Keep what units are called."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, Text

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "unit_name",
        Column("code", Text, nullable=False),
        Column("name", Text, nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_unit_name"),
    )


def downgrade() -> None:
    op.drop_table("unit_name")
