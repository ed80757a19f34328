"""Keep what visits note and what a pack needs: changes by grid, operations of phones, the weekly visiting day."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Integer, LargeBinary, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

from grid_kernel.migrations import scope_by_area
from grid_kernel.types import AREA_CODE
from population_svc.changes import NOTED, forget_changes, note_changes

revision = "0003"
down_revision = "0002"
MOMENT = DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("visit", Column("needs", ARRAY(Text), nullable=False, server_default="{}"))
    op.alter_column("visit", "needs", server_default=None)
    op.add_column("visit", Column("unchanged", Boolean, nullable=False, server_default=sa.false()))
    op.alter_column("visit", "unchanged", server_default=None)
    op.add_column("visit", Column("revisit_on", Date))
    op.add_column("visit", Column("note", LargeBinary))
    op.add_column("household", Column("presence_seen_at", MOMENT))
    op.add_column("visit_rule", Column("visit_weekday", Integer))
    op.create_check_constraint("a_day_of_the_week", "visit_rule", "visit_weekday between 1 and 7")
    op.create_table(
        "roster_change",
        Column("id", BigInteger, sa.Identity(always=True), nullable=False),
        Column("area_code", AREA_CODE, nullable=False),
        Column("household_id", Uuid, nullable=False),
        Column("person_id", Uuid),
        Column("changed_in", BigInteger, nullable=False, server_default=sa.text("pg_current_xact_id()::text::bigint")),
        Column("changed_at", MOMENT, nullable=False, server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("id", name="pk_roster_change"),
    )
    op.create_index("ix_roster_change_area_code", "roster_change", ["area_code", "changed_in"])
    scope_by_area(op, "roster_change", service="population")
    for table in NOTED:
        for statement in note_changes(table):
            op.execute(statement)
    op.create_table(
        "sync_operation",
        Column("id", Uuid, nullable=False),
        Column("actor_id", Text, nullable=False),
        Column("kind", Text, nullable=False),
        Column("version", Integer),
        Column("at", MOMENT, nullable=False),
        Column("recorded_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sync_operation"),
    )


def downgrade() -> None:
    op.drop_table("sync_operation")
    for table in NOTED:
        for statement in forget_changes(table):
            op.execute(statement)
    op.drop_table("roster_change")
    op.drop_constraint("a_day_of_the_week", "visit_rule")
    op.drop_column("visit_rule", "visit_weekday")
    op.drop_column("household", "presence_seen_at")
    for column in ("note", "revisit_on", "unchanged", "needs"):
        op.drop_column("visit", column)
