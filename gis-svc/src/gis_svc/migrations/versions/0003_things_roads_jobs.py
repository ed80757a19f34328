"""Things, service points, roads, and the jobs of processes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from grid_kernel.migrations import scope_by_area, unscope

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CODE = sa.Text(collation="C")
TIME = sa.DateTime(timezone=True)
LAYERS = {"thing": "things", "service_point": "service-points", "road": "roads"}
OWN = {
    "thing": (
        sa.Column("authority_unit", sa.String()),
        sa.Column("owner", sa.String()),
        sa.Column("maintainer", sa.String()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("next_inspection_on", sa.Date()),
    ),
    "service_point": (sa.Column("opening_hours", sa.String()), sa.Column("open", sa.Boolean(), nullable=False)),
    "road": (sa.Column("walkable", sa.Boolean(), nullable=False),),
}


def upgrade() -> None:
    for table, layer in LAYERS.items():
        _placed(table, layer)
    scope_by_area(op, "thing", service="gis")
    op.create_table(
        "process_job",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("process", sa.String(), nullable=False),
        sa.Column("area_code", CODE, nullable=False),
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("message", sa.String()),
        sa.Column("inputs", JSONB(), nullable=False),
        sa.Column("result", sa.Text()),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("finished_at", TIME),
    )
    op.create_index(op.f("ix_process_job_actor_id"), "process_job", ["actor_id"])


def _placed(table: str, layer: str) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("area_code", CODE, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("shape_geojson", sa.Text(), nullable=False),
        sa.Column("shape_wkb", sa.LargeBinary(), nullable=False),
        *(sa.Column(name, sa.Double(), nullable=False) for name in ("west", "south", "east", "north")),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("registered_at", TIME, nullable=False),
        sa.Column("removed_at", TIME),
        sa.Column("version", sa.Integer(), nullable=False),
        *OWN[table],
    )
    op.create_index(op.f(f"ix_{table}_area_code"), table, ["area_code"])
    op.execute(f"create index ix_{table}_box on {table} using gist (box(point(west, south), point(east, north)))")
    op.execute(f"insert into layer_revision (layer, revision) values ('{layer}', 0)")
    op.execute(
        f"create trigger {table}_counted after insert or update or delete on {table} "
        f"for each statement execute function count_layer('{layer}')"
    )


def downgrade() -> None:
    op.drop_table("process_job")
    unscope(op, "thing")
    for table, layer in LAYERS.items():
        op.drop_table(table)
        op.execute(f"delete from layer_revision where layer = '{layer}'")
