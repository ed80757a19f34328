"""What phones did without a signal: operations done once, and acts that arrived later than they happened."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("case_entry", sa.Column("recorded_at", sa.DateTime(timezone=True)))
    # Found around a point, and of a building, without reading all.
    op.create_index("ix_gov_case_lon_lat", "gov_case", ["lon", "lat"], postgresql_where=sa.text("lon is not null"))
    op.create_index(
        "ix_gov_case_building_id", "gov_case", ["building_id"], postgresql_where=sa.text("building_id is not null")
    )
    op.create_table(
        "sync_operation",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("query_code", sa.LargeBinary()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("sync_operation")
    op.drop_index("ix_gov_case_building_id", "gov_case")
    op.drop_index("ix_gov_case_lon_lat", "gov_case")
    op.drop_column("case_entry", "recorded_at")
