"""Addresses as a tree of elements below each community."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "address",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("community_code", sa.Text(collation="C"), nullable=False),
        sa.Column("parent_id", sa.Uuid(), sa.ForeignKey("address.id", name=op.f("fk_address_parent_id"))),
        sa.Column("element_type", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("building_id", sa.Uuid(), sa.ForeignKey("building.id", name=op.f("fk_address_building_id"))),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(element_type = '50') = (building_id is not null)", name=op.f("ck_address_building")),
    )
    op.create_index(op.f("ix_address_parent_id"), "address", ["parent_id"])
    op.create_index(op.f("ix_address_building_id"), "address", ["building_id"])
    op.execute(
        "create unique index uq_address_place on address (community_code, element_type, name, parent_id) "
        "where building_id is null and parent_id is not null"
    )
    op.execute(
        "create unique index uq_address_root on address (community_code, element_type, name) "
        "where building_id is null and parent_id is null"
    )
    op.execute("create index ix_address_number on address (name) where building_id is not null")


def downgrade() -> None:
    op.drop_table("address")
