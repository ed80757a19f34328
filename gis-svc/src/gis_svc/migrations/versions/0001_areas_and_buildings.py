"""Areas with dated outlines, buildings, and the kernel's tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from grid_kernel.migrations import create_kernel_tables, drop_kernel_tables, scope_by_area, unscope

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

CODE = sa.Text(collation="C")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_kernel_tables(op)
    op.execute("create extension if not exists btree_gist")
    _areas()
    _area_versions()
    _buildings()


def _areas() -> None:
    op.create_table(
        "area_revision",
        sa.Column("single", sa.Boolean(), primary_key=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint("single", name=op.f("ck_area_revision_single")),
    )
    op.execute("insert into area_revision (single, revision) values (true, 0)")
    op.create_table(
        "area",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("code", CODE, nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("parent_code", CODE),
        sa.Column("grid_type", sa.Text()),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date()),
        sa.Column("predecessors", ARRAY(CODE), nullable=False, server_default="{}"),
        sa.Column("successors", ARRAY(CODE), nullable=False, server_default="{}"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.UniqueConstraint("code", name=op.f("uq_area_code")),
        sa.CheckConstraint("valid_to is null or valid_to >= valid_from", name=op.f("ck_area_period")),
        sa.CheckConstraint("(level = 'grid') = (grid_type is not null)", name=op.f("ck_area_grid_type")),
    )
    op.create_index(op.f("ix_area_parent_code"), "area", ["parent_code"])


def _area_versions() -> None:
    numbers = ("west", "south", "east", "north", "area_m2", "centre_lon", "centre_lat")
    op.create_table(
        "area_version",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("code", CODE, sa.ForeignKey("area.code", name=op.f("fk_area_version_code")), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("in_force", sa.Boolean(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date()),
        sa.Column("recorded_at", TIME, nullable=False),
        sa.Column("outline_wkb", sa.LargeBinary()),
        sa.Column("outline_geojson", sa.Text()),
        *(sa.Column(name, sa.Double()) for name in numbers),
        sa.CheckConstraint("valid_to is null or valid_to >= valid_from", name=op.f("ck_area_version_period")),
    )
    op.create_index(op.f("ix_area_version_code"), "area_version", ["code"])
    period = "daterange(valid_from, valid_to) with &&"
    op.execute(
        "alter table area_version add constraint one_version_per_source "
        f"exclude using gist (code with =, source with =, {period})"
    )
    op.execute(
        "alter table area_version add constraint one_version_in_force "
        f"exclude using gist (code with =, {period}) where (in_force)"
    )
    op.execute(
        "create index ix_area_version_box on area_version using gist (box(point(west, south), point(east, north)))"
    )


def _buildings() -> None:
    op.create_table(
        "building",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("area_code", CODE, nullable=False),
        sa.Column("community_code", CODE, nullable=False),
        sa.Column("building_no", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("compound", sa.String()),
        sa.Column("road", sa.String()),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("floors", sa.Integer(), nullable=False),
        sa.Column("entrances", sa.Integer(), nullable=False),
        sa.Column("address_text", sa.String(), nullable=False),
        sa.Column("lon", sa.Double(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=False),
        sa.Column("point_crs", sa.Text(), nullable=False),
        sa.Column("point_source", sa.String(), nullable=False),
        sa.Column("accuracy_m", sa.Double()),
        sa.Column("captured_at", TIME),
        sa.Column("footprint_geojson", sa.Text()),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("registered_at", TIME, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.UniqueConstraint("community_code", "building_no", name=op.f("uq_building_community_code_building_no")),
        sa.CheckConstraint("building_no ~ '^[0-9]{4}$'", name=op.f("ck_building_building_no")),
    )
    op.create_index(op.f("ix_building_area_code"), "building", ["area_code"])
    op.execute("create index ix_building_point on building using gist (point(lon, lat))")
    scope_by_area(op, "building", service="gis")


def downgrade() -> None:
    unscope(op, "building")
    for table in ("building", "area_version", "area", "area_revision"):
        op.drop_table(table)
    drop_kernel_tables(op)
