"""Bring in tables as files: the import, its parts and rows, what was refused, and how headings were read."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Boolean, Column, Date, DateTime, Integer, LargeBinary, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from grid_kernel.migrations import scope_by_area
from grid_kernel.types import AREA_CODE

revision = "0010"
down_revision = "0009"
MOMENT = DateTime(timezone=True)
_COUNTS = ("rows", "position", "entered", "known", "rejected", "version")


def upgrade() -> None:
    op.create_table(
        "import_job",
        Column("id", Uuid, nullable=False),
        Column("area_code", AREA_CODE, nullable=False),
        Column("actor_id", Text, nullable=False),
        Column("post", Text),
        Column("unit", Text),
        Column("filename", LargeBinary, nullable=False),
        Column("sha256", Text, nullable=False),
        Column("size", Integer, nullable=False),
        Column("state", Text, nullable=False),
        Column("problem", Text),
        Column("format", Text),
        Column("encoding", Text),
        Column("headings", ARRAY(Text), nullable=False),
        Column("suggested", JSONB, nullable=False),
        Column("columns", JSONB, nullable=False),
        Column("dropped", ARRAY(Text), nullable=False),
        Column("given", JSONB, nullable=False),
        Column("dry_run", Boolean, nullable=False),
        *(Column(name, Integer, nullable=False) for name in _COUNTS),
        Column("created_at", MOMENT, nullable=False),
        Column("changed_at", MOMENT, nullable=False),
        Column("started_at", MOMENT),
        Column("ended_at", MOMENT),
        Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_import_job"),
    )
    op.create_index("ix_import_job_area_code", "import_job", ["area_code", "id"])
    op.create_index("ix_import_job_state", "import_job", ["state"])
    scope_by_area(op, "import_job", service="population")
    for table, key, columns in (
        ("import_part", "number", ()),
        ("import_block", "first", (Column("rows", Integer, nullable=False),)),
    ):
        op.create_table(
            table,
            Column("import_id", Uuid, nullable=False),
            Column(key, Integer, nullable=False),
            *columns,
            Column("sealed", Text, nullable=False),
            sa.PrimaryKeyConstraint("import_id", key, name=f"pk_{table}"),
        )
    op.create_table(
        "import_batch",
        Column("import_id", Uuid, nullable=False),
        Column("first", Integer, nullable=False),
        Column("rows", Integer, nullable=False),
        Column("person_ids", ARRAY(Uuid), nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("import_id", "first", name="pk_import_batch"),
    )
    op.create_table(
        "import_rejection",
        Column("import_id", Uuid, nullable=False),
        Column("row_no", Integer, nullable=False),
        Column("area_code", AREA_CODE, nullable=False),
        Column("cells", LargeBinary, nullable=False),
        Column("errors", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("import_id", "row_no", name="pk_import_rejection"),
    )
    scope_by_area(op, "import_rejection", service="population")
    op.create_table(
        "column_memory",
        Column("owner", Text, nullable=False),
        Column("heading", Text, nullable=False),
        Column("element", Text),
        Column("used_on", Date, nullable=False),
        sa.PrimaryKeyConstraint("owner", "heading", name="pk_column_memory"),
    )


def downgrade() -> None:
    for table in ("column_memory", "import_rejection", "import_batch", "import_block", "import_part", "import_job"):
        op.drop_table(table)
