"""Figures of areas by quarter, and where cases were reported: numbers and codes, no persons."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

CODE = sa.Text(collation="C")
NUMBERS = ("households", "persons", "visited", "fresh", "cases", "open_cases")


def upgrade() -> None:
    op.create_table(
        "area_figure",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("area_code", CODE, nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        *(sa.Column(name, sa.Integer()) for name in NUMBERS),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.UniqueConstraint("area_code", "valid_from", name=op.f("uq_area_figure_area_code_valid_from")),
    )
    op.create_table(
        "case_mark",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("area_code", CODE, nullable=False, index=True),
        sa.Column("reported_on", sa.Date()),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
    )
    op.execute("insert into layer_revision (layer, revision) values ('figures', 0)")
    op.execute(
        "create trigger area_figure_counted after insert or update or delete on area_figure "
        "for each statement execute function count_layer('figures')"
    )


def downgrade() -> None:
    op.drop_table("case_mark")
    op.drop_table("area_figure")
    op.execute("delete from layer_revision where layer = 'figures'")
