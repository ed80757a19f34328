"""Cases merged into one and split from one; units that ask for more time, or for putting off."""

import sqlalchemy as sa
from alembic import op

from grid_kernel.migrations import scope_by_area

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("gov_case", sa.Column("merged_into", sa.Uuid(), sa.ForeignKey("gov_case.id")))
    op.add_column("gov_case", sa.Column("split_from", sa.Uuid(), sa.ForeignKey("gov_case.id")))
    op.create_check_constraint(
        op.f("ck_gov_case_merged"),
        "gov_case",
        "(merged_into is not null) = (outcome is not null and outcome = 'merged') and merged_into is distinct from id",
    )
    op.add_column("dispatch", sa.Column("extended_to", sa.DateTime(timezone=True)))
    op.create_table(
        "extension",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey("gov_case.id"), nullable=False, index=True),
        sa.Column("dispatch_id", sa.Uuid(), sa.ForeignKey("dispatch.id"), nullable=False),
        sa.Column("area_code", sa.Text(collation="C"), nullable=False, index=True),
        sa.Column("unit_code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
    )
    op.create_index(
        "uq_extension_open", "extension", ["dispatch_id"], unique=True, postgresql_where=sa.text("state = 'open'")
    )
    op.create_check_constraint(op.f("ck_extension_kind"), "extension", "kind in ('extension', 'deferral')")
    decided = "state in ('open', 'approved', 'refused') and (state = 'open') = (decided_at is null)"
    op.create_check_constraint(op.f("ck_extension_decided"), "extension", decided)
    scope_by_area(op, "extension", service="dispute")


def downgrade() -> None:
    op.drop_table("extension")
    op.drop_column("dispatch", "extended_to")
    op.drop_constraint(op.f("ck_gov_case_merged"), "gov_case")
    op.drop_column("gov_case", "split_from")
    op.drop_column("gov_case", "merged_into")
