"""Points of buildings under a B-tree: what row-level security lets be asked before it."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("drop index ix_building_point")
    op.create_index("ix_building_point", "building", ["lon", "lat"])


def downgrade() -> None:
    op.drop_index("ix_building_point", "building")
    op.execute("create index ix_building_point on building using gist (point(lon, lat))")
