"""Keep claims and transfers between grids, visible from both sides."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, Date, DateTime, Text, Uuid

from grid_kernel.migrations import scope_by_area
from grid_kernel.types import AREA_CODE

revision = "0008"
down_revision = "0007"
MOMENT = DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "transfer",
        Column("id", Uuid, nullable=False),
        Column("kind", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("household_id", Uuid, nullable=False),
        Column("person_id", Uuid),
        Column("area_code", AREA_CODE, nullable=False),
        Column("to_area_code", AREA_CODE, nullable=False),
        Column("to_dwelling_id", Uuid),
        Column("to_household_id", Uuid),
        Column("relation_to_head", Text),
        Column("moved_on", Date, nullable=False),
        Column("asked_by", Text, nullable=False),
        Column("asked_at", MOMENT, nullable=False),
        Column("due_at", MOMENT, nullable=False),
        Column("decided_at", MOMENT),
        Column("refusal", Text),
        Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_transfer"),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"], name="fk_transfer_household_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_transfer_person_id"),
        sa.ForeignKeyConstraint(["to_dwelling_id"], ["dwelling.id"], name="fk_transfer_to_dwelling_id"),
        sa.ForeignKeyConstraint(["to_household_id"], ["household.id"], name="fk_transfer_to_household_id"),
    )
    op.create_index("ix_transfer_household_id", "transfer", ["household_id"])
    op.create_index("ix_transfer_area_code", "transfer", ["area_code", "id"])
    op.create_index("ix_transfer_to_area_code", "transfer", ["to_area_code", "id"])
    op.create_index(
        "uq_transfer_undecided",
        "transfer",
        [sa.text("coalesce(person_id, household_id)")],
        unique=True,
        postgresql_where=sa.text("state in ('open', 'with_head')"),
    )
    scope_by_area(op, "transfer", service="population")
    # Policies add up: the taking grid sees the row too.
    op.execute(
        "create policy transfer_by_target on transfer for all to population_app using (exists ("
        "select 1 from unnest(string_to_array(nullif(current_setting('app.scope', true), ''), ',')) p "
        'where to_area_code >= p collate "C" and to_area_code < (p || \'~\') collate "C")) with check (true)'
    )


def downgrade() -> None:
    op.drop_table("transfer")
