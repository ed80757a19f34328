"""Order what gis says of a building by the building's own sequence."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
KEY = ["building_id", "sequence", "takes_effect_at", "area_code"]


def upgrade() -> None:
    op.add_column("building_grid", sa.Column("sequence", sa.Integer, nullable=False, server_default="0"))
    op.alter_column("building_grid", "sequence", server_default=None)
    op.drop_constraint("pk_building_grid", "building_grid")
    op.create_primary_key("pk_building_grid", "building_grid", KEY)


def downgrade() -> None:
    op.drop_constraint("pk_building_grid", "building_grid")
    op.create_primary_key("pk_building_grid", "building_grid", [name for name in KEY if name != "sequence"])
    op.drop_column("building_grid", "sequence")
