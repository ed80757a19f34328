"""Find names by what is typed for them, telephones by their index, dwellings by the code at their door."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, DateTime, LargeBinary, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY

from population_svc.grams import name_grams

revision = "0005"
down_revision = "0004"
MOMENT = DateTime(timezone=True)
AT_ONCE = 5_000


def upgrade() -> None:
    op.create_table(
        "door_token",
        Column("id", Uuid, nullable=False),
        Column("dwelling_id", Uuid, nullable=False),
        Column("token_index", LargeBinary, nullable=False),
        Column("issued_at", MOMENT, nullable=False),
        Column("replaced_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_door_token"),
        sa.ForeignKeyConstraint(["dwelling_id"], ["dwelling.id"], name="fk_door_token_dwelling_id"),
        sa.UniqueConstraint("token_index", name="uq_door_token_token_index"),
    )
    op.create_index(
        "uq_door_token_current",
        "door_token",
        ["dwelling_id"],
        unique=True,
        postgresql_where=sa.text("replaced_at is null"),
    )
    _learn_what_is_typed()


def _learn_what_is_typed() -> None:
    """Bring the names that are there up to date; what they are found by is no content of theirs."""
    bind = op.get_bind()
    op.execute("alter table person disable trigger user")
    op.execute("alter table person disable row level security")
    names = [row.name for row in bind.execute(sa.text("select distinct name from person"))]
    update = sa.text("update person set name_grams = :grams where name = :name").bindparams(
        sa.bindparam("grams", type_=ARRAY(Text))
    )
    if names:
        op.create_index("ix_person_name_once", "person", ["name"])
        for start in range(0, len(names), AT_ONCE):
            bind.execute(update, [{"name": name, "grams": name_grams(name)} for name in names[start : start + AT_ONCE]])
        op.drop_index("ix_person_name_once", "person")
    op.execute("alter table person enable row level security")
    op.execute("alter table person enable trigger user")


def downgrade() -> None:
    op.drop_table("door_token")
