"""Know how far the search for the applicant got, which applications are instant, and when a code was last tried."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TZ = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("application", sa.Column("handling_type", sa.Text(), nullable=False, server_default="2"))
    op.add_column("party", sa.Column("link", sa.Text(), nullable=False, server_default="not_registered"))
    op.add_column("party", sa.Column("link_after", TZ))
    op.add_column("progress_lock", sa.Column("tried_at", TZ, nullable=False, server_default=sa.func.now()))
    _carry_over()
    for table, column in (("application", "handling_type"), ("party", "link"), ("progress_lock", "tried_at")):
        op.alter_column(table, column, server_default=None)
    op.drop_index("ix_application_to_link", "application")
    op.drop_column("application", "link_after")
    op.create_index("ix_party_to_link", "party", ["link_after"], postgresql_where=sa.text("link_after is not null"))


def _carry_over() -> None:
    # The owner is behind the second wall like everybody else, except here.
    for table in ("application", "party"):
        op.execute(f"alter table {table} no force row level security")
    op.execute("update application a set handling_type = i.handling_type from service_item i where i.id = a.item_id")
    op.execute(
        "update party p set link_after = a.link_after, link = case when p.person_id is not null then 'linked' "
        "when a.link_after is not null then 'waiting' else 'not_registered' end "
        "from application a where a.id = p.application_id"
    )
    for table in ("application", "party"):
        op.execute(f"alter table {table} force row level security")


def downgrade() -> None:
    op.add_column("application", sa.Column("link_after", TZ))
    op.create_index(
        "ix_application_to_link",
        "application",
        ["link_after"],
        postgresql_where=sa.text("link_after is not null"),
    )
    op.drop_index("ix_party_to_link", "party")
    for table, column in (
        ("application", "handling_type"),
        ("party", "link"),
        ("party", "link_after"),
        ("progress_lock", "tried_at"),
    ):
        op.drop_column(table, column)
