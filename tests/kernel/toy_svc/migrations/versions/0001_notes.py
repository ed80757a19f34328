"""Notes."""

import sqlalchemy as sa
from alembic import op

from grid_kernel.migrations import create_kernel_tables, drop_kernel_tables, scope_by_area

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_kernel_tables(op)
    op.create_table(
        "note",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("area_code", sa.Text(collation="C"), nullable=False, index=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary()),
        sa.Column("secret_index", sa.LargeBinary()),
        sa.Column("sealed", sa.Boolean(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    scope_by_area(op, "note", service="toy")


def downgrade() -> None:
    op.drop_table("note")
    drop_kernel_tables(op)
