"""Data elements beside those of the register, and the forms made of both."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, Date, DateTime, Integer, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from grid_kernel.types import AREA_CODE

revision = "0013"
down_revision = "0012"
MOMENT = DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "data_element",
        *(Column(name, Text, nullable=False) for name in ("code", "name", "subject", "kind")),
        Column("options", ARRAY(Text), nullable=False),
        *(Column(name, Text, nullable=False) for name in ("owner", "source", "purpose", "basis")),
        Column("fresh_days", Integer, nullable=False),
        Column("synonyms", ARRAY(Text), nullable=False),
        Column("defined_by", Text, nullable=False),
        Column("defined_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_data_element"),
        sa.UniqueConstraint("name", name="uq_data_element_name"),
    )
    op.create_table(
        "form",
        Column("id", Uuid, nullable=False),
        Column("area_code", AREA_CODE, nullable=False),
        Column("name", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("fields", JSONB, nullable=False),
        *(Column(name, Text, nullable=False) for name in ("owner", "reason", "basis")),
        Column("ends_on", Date, nullable=False),
        Column("state", Text, nullable=False),
        Column("asked_by", Text, nullable=False),
        Column("asked_at", MOMENT, nullable=False),
        Column("decided_by", Text),
        Column("decided_at", MOMENT),
        Column("version", Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_form"),
    )
    op.create_index("ix_form_area_code", "form", ["area_code", "id"])


def downgrade() -> None:
    op.drop_table("form")
    op.drop_table("data_element")
