"""Keep of each member who said it, when, and by what evidence."""

from alembic import op
from sqlalchemy import Column, DateTime, Index, PrimaryKeyConstraint, Text, Uuid

revision = "0004"
down_revision = "0003"
MOMENT = DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "statement",
        Column("id", Uuid, nullable=False),
        Column("object_kind", Text, nullable=False),
        Column("object_id", Uuid, nullable=False),
        Column("member", Text, nullable=False),
        Column("stated_at", MOMENT, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        Column("actor_id", Text, nullable=False),
        Column("post", Text),
        Column("unit", Text),
        Column("evidence", Text, nullable=False),
        Column("operation_id", Uuid),
        PrimaryKeyConstraint("id", name="pk_statement"),
        Index("ix_statement_object_id", "object_id", "member", "stated_at"),
    )


def downgrade() -> None:
    op.drop_table("statement")
