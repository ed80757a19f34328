"""Know which persons were merged and which grids are gone, so that facts may be heard in any order."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "person_merge",
        sa.Column("merged_id", sa.Uuid(), primary_key=True),
        sa.Column("kept_id", sa.Uuid(), nullable=False),
    )
    op.create_table(
        "succession",
        sa.Column("predecessor", sa.Text(collation="C"), primary_key=True),
        sa.Column("successor", sa.Text(collation="C"), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("succession")
    op.drop_table("person_merge")
