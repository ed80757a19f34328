"""Shapes of buildings as they are drawn and searched, and what tells that a layer changed."""

from collections.abc import Iterator
from typing import Any

import orjson
import shapely
import sqlalchemy as sa
from alembic import op
from shapely.geometry import Point, shape

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BOX = ("west", "south", "east", "north")


def upgrade() -> None:
    op.create_table(
        "layer_revision",
        sa.Column("layer", sa.String(), primary_key=True),
        sa.Column("revision", sa.Integer(), nullable=False),
    )
    op.execute(
        "create function count_layer() returns trigger language plpgsql as "
        "$$ begin update layer_revision set revision = revision + 1 where layer = tg_argv[0]; return null; end $$"
    )
    _shape_buildings()
    op.execute("insert into layer_revision (layer, revision) values ('buildings', 0)")
    op.execute(
        "create trigger building_counted after insert or update or delete on building "
        "for each statement execute function count_layer('buildings')"
    )


def _shape_buildings() -> None:
    op.add_column("building", sa.Column("shape_wkb", sa.LargeBinary()))
    for name in BOX:
        op.add_column("building", sa.Column(name, sa.Double()))
    # The owner is behind the wall as well and would see no row.
    op.execute("alter table building no force row level security")
    connection = op.get_bind()
    set_shape = sa.text(
        "update building set shape_wkb = :wkb, west = :west, south = :south, east = :east, north = :north where id = :id"
    )
    if rows := list(_shapes(connection)):
        connection.execute(set_shape, rows)
    op.execute("alter table building force row level security")
    for name in ("shape_wkb", *BOX):
        op.alter_column("building", name, nullable=False)
    op.execute("create index ix_building_box on building using gist (box(point(west, south), point(east, north)))")


def _shapes(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    for row in connection.execute(sa.text("select id, lon, lat, footprint_geojson from building")):
        drawn = shape(orjson.loads(row.footprint_geojson)) if row.footprint_geojson else Point(row.lon, row.lat)
        yield {"id": row.id, "wkb": shapely.to_wkb(drawn), **dict(zip(BOX, drawn.bounds, strict=True))}


def downgrade() -> None:
    op.execute("drop trigger building_counted on building")
    op.execute("drop index ix_building_box")
    for name in ("shape_wkb", *BOX):
        op.drop_column("building", name)
    op.execute("drop function count_layer()")
    op.drop_table("layer_revision")
