"""Let a phone without a signal know a door by its code."""

from alembic import op
from sqlalchemy import Column, Text

from population_svc.changes import forget_changes, note_changes

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.add_column("door_token", Column("phone_digest", Text))
    for statement in note_changes("door_token"):
        op.execute(statement)


def downgrade() -> None:
    for statement in forget_changes("door_token"):
        op.execute(statement)
    op.drop_column("door_token", "phone_digest")
