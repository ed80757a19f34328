"""Accounts, sessions, units, posts and roster."""

import sqlalchemy as sa
from alembic import op

from grid_kernel.migrations import create_kernel_tables, drop_kernel_tables, scope_by_area

revision = "0001"
down_revision = None

TZ = sa.DateTime(timezone=True)


def area() -> sa.Column[str]:
    return sa.Column("area_code", sa.Text(collation="C"), nullable=False, index=True)


def upgrade() -> None:
    create_kernel_tables(op)
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), primary_key=True),
        area(),
        sa.Column("login", sa.Text(), nullable=False, unique=True),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text()),
        sa.Column("totp_secret", sa.LargeBinary()),
        sa.Column("totp_confirmed", sa.Boolean(), nullable=False),
        sa.Column("totp_last_counter", sa.Integer(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", TZ),
        sa.Column("created_at", TZ, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_table(
        "web_session",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False, unique=True),
        sa.Column("account_id", sa.Uuid(), sa.ForeignKey("account.id"), nullable=False, index=True),
        sa.Column("started_at", TZ, nullable=False),
        sa.Column("seen_at", TZ, nullable=False),
        sa.Column("ended_at", TZ),
    )
    op.create_table(
        "unit",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("code", sa.Text(), nullable=False, unique=True),
        sa.Column("kind", sa.Text(), nullable=False, index=True),
        sa.Column("name", sa.Text(), nullable=False),
        area(),
        sa.Column("phone", sa.Text()),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    )
    op.create_table(
        "post_assignment",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("post", sa.Text(), nullable=False),
        area(),
        sa.Column("unit_code", sa.Text(), index=True),
        sa.Column("account_id", sa.Uuid(), sa.ForeignKey("account.id"), nullable=False, index=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date()),
        sa.Column("substitute_account_id", sa.Uuid(), sa.ForeignKey("account.id"), index=True),
        sa.Column("to_reassign", sa.Boolean(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("valid_to is null or valid_from <= valid_to", name="days_in_order"),
    )
    # 一格三员: one holder per grid and post at a time, whoever writes it.
    op.execute(
        "alter table post_assignment add constraint ex_post_assignment_one_holder exclude using gist "
        "(post with =, area_code with =, daterange(valid_from, valid_to) with &&) where "
        "(post in ('resident_service_officer', 'opinion_collector', 'party_building_guide'))"
    )
    op.create_table(
        "roster_entry",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("account_id", sa.Uuid(), sa.ForeignKey("account.id"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("half", sa.Text(), nullable=False),
        sa.Column("duty", sa.Text(), nullable=False),
        area(),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.UniqueConstraint("account_id", "day", "half"),
    )
    # Units are public facts; everything about staff stays inside its area.
    for table in ("account", "post_assignment", "roster_entry"):
        scope_by_area(op, table, service="gateway")


def downgrade() -> None:
    for table in ("roster_entry", "post_assignment", "unit", "web_session", "account"):
        op.drop_table(table)
    drop_kernel_tables(op)
