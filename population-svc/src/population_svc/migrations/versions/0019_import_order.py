"""Rows of a dwelling wherever they stand in a table, the sheet that is read, and what a table brought or changed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Date, Integer, LargeBinary, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0019"
down_revision = "0018"
_COUNTS = ("noted", "loose", "gathered", "differing", "updated")
_IDS = ("household_ids", "dwelling_ids", "updated_ids")
_LOOKED_UP = ("person_ids", "household_ids", "dwelling_ids")


def upgrade() -> None:
    for name in _COUNTS:
        op.add_column("import_job", Column(name, Integer, nullable=False, server_default="0"))
        op.alter_column("import_job", name, server_default=None)
    op.execute("update import_job set noted = rows")  # what runs meanwhile keeps the order it began in
    op.add_column("import_job", Column("sheets", ARRAY(Text), nullable=False, server_default="{}"))
    op.alter_column("import_job", "sheets", server_default=None)
    op.add_column("import_job", Column("sheet", Text))
    op.add_column("import_job", Column("mode", Text, nullable=False, server_default="new_only"))
    op.alter_column("import_job", "mode", server_default=None)
    op.add_column("import_job", Column("as_of", Date))
    for name in _IDS:
        op.add_column("import_batch", Column(name, ARRAY(Uuid), nullable=False, server_default="{}"))
        op.alter_column("import_batch", name, server_default=None)
    for name in _LOOKED_UP:
        op.create_index(f"ix_import_batch_{name}", "import_batch", [name], postgresql_using="gin")
    op.create_table(
        "import_key",
        Column("import_id", Uuid, nullable=False),
        Column("place", Integer, nullable=False),
        Column("dwelling", BigInteger),
        Column("person", BigInteger),
        Column("twice", Boolean, nullable=False),
        Column("loose", Boolean, nullable=False),
        sa.PrimaryKeyConstraint("import_id", "place", name="pk_import_key"),
    )
    op.create_table(
        "import_loose",
        Column("import_id", Uuid, nullable=False),
        Column("dwelling", BigInteger, nullable=False),
        Column("place", Integer, nullable=False),
        Column("row_no", Integer, nullable=False),
        Column("twice", Boolean, nullable=False),
        Column("cells", LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("import_id", "dwelling", "place", name="pk_import_loose"),
    )


def downgrade() -> None:
    op.drop_table("import_loose")
    op.drop_table("import_key")
    for name in _LOOKED_UP:
        op.drop_index(f"ix_import_batch_{name}", "import_batch")
    for name in _IDS:
        op.drop_column("import_batch", name)
    for name in (*_COUNTS, "sheets", "sheet", "mode", "as_of"):
        op.drop_column("import_job", name)
