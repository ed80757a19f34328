"""Boxes under B-trees: row-level security lets no GiST operator be asked before it, comparisons of numbers it does."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = ("building", "thing", "service_point", "road")


def upgrade() -> None:
    for table in TABLES:
        op.execute(f"drop index ix_{table}_box")
        op.create_index(f"ix_{table}_box", table, ["west", "east", "south", "north"])


def downgrade() -> None:
    for table in TABLES:
        op.drop_index(f"ix_{table}_box", table)
        op.execute(f"create index ix_{table}_box on {table} using gist (box(point(west, south), point(east, north)))")
