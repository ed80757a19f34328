"""Keep where somebody is registered, partial births in the history, and how many in a hundred are asked back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Boolean, Column, LargeBinary, Text

from population_svc.history import keep_versions

revision = "0017"
down_revision = "0016"
_BEFORE = ("id", "area_code", "name", "sex", "birth_date", "id_document_type", "id_number", "phone", "population_type")
_BEFORE += ("registered_here", "status", "left_on", "synthetic", "version")
_ADDED = ("birth_precision", "registered_address", "registration_matches")


def upgrade() -> None:
    for table in ("person", "person_version"):
        op.add_column(table, Column("registered_address", LargeBinary))
        op.add_column(table, Column("registration_matches", Boolean))
    op.add_column("person_version", Column("birth_precision", Text, nullable=False, server_default="day"))
    op.alter_column("person_version", "birth_precision", server_default=None)
    _keep(*_BEFORE, *_ADDED)
    op.add_column("visit_rule", Column("spot_check_percent", sa.Integer, nullable=False, server_default="3"))
    op.alter_column("visit_rule", "spot_check_percent", server_default=None)


def downgrade() -> None:
    op.drop_column("visit_rule", "spot_check_percent")
    _keep(*_BEFORE)
    for column in _ADDED:
        op.drop_column("person_version", column)
    for column in _ADDED[1:]:
        op.drop_column("person", column)


def _keep(*columns: str) -> None:
    """Let the triggers keep these columns; what was kept stays."""
    op.execute("drop function person_keep_versions() cascade")
    op.execute("drop function person_version_guard() cascade")
    for statement in keep_versions("person", columns):
        op.execute(statement)
