"""Catalogue, applications and what belongs to them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from grid_kernel.migrations import create_kernel_tables, drop_kernel_tables, scope_by_area

revision = "0001"
down_revision = None

TZ = sa.DateTime(timezone=True)
SCOPED = ("application", "party", "entry", "clock", "pause", "notice")


def area() -> sa.Column[str]:
    return sa.Column("area_code", sa.Text(collation="C"), nullable=False, index=True)


def of_application(**options: bool) -> sa.Column[sa.Uuid]:
    return sa.Column("application_id", sa.Uuid(), sa.ForeignKey("application.id"), nullable=False, **options)


def upgrade() -> None:
    create_kernel_tables(op)
    _create_items()
    _create_applications()
    _create_histories()
    op.create_table(
        "handling_unit",
        sa.Column("code", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "progress_lock",
        sa.Column("receipt_number", sa.Text(), primary_key=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", TZ),
    )
    op.create_table(
        "receipt_counter",
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("last", sa.Integer(), nullable=False),
    )
    for table in SCOPED:
        scope_by_area(op, table, service="approval")


def _create_items() -> None:
    op.create_table(
        "service_item",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("code", sa.Text(), nullable=False, index=True),
        sa.Column("item_version", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("theme", sa.Text(), nullable=False),
        sa.Column("unit_code", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("item_type", sa.Text(), nullable=False),
        sa.Column("handling_type", sa.Text(), nullable=False),
        *(
            sa.Column(f"{limit}_{part}", kind())
            for limit in ("statutory", "promised", "notice")
            for part, kind in (("amount", sa.Integer), ("unit", sa.Text))
        ),
        sa.Column("notice_basis", sa.Text()),
        sa.Column("deemed_accepted", sa.Boolean(), nullable=False),
        sa.Column("conditions", sa.Text()),
        sa.Column("stages", sa.Text()),
        sa.Column("materials", JSONB(), nullable=False),
        sa.Column("materials_complete", sa.Boolean(), nullable=False),
        sa.Column("source_org", sa.Text()),
        sa.Column("source_page", sa.Text()),
        sa.Column("source_year", sa.Integer()),
        sa.Column("source_quality", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.UniqueConstraint("code", "item_version"),
    )
    # A code has one version in force on any day.
    op.execute(
        "alter table service_item add constraint ex_service_item_one_in_force exclude using gist "
        "(code with =, daterange(valid_from, valid_to) with &&)"
    )


def _create_applications() -> None:
    op.create_table(
        "application",
        sa.Column("id", sa.Uuid(), primary_key=True),
        area(),
        sa.Column("receipt_number", sa.Text(), nullable=False, unique=True),
        sa.Column("query_code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("item_id", sa.Uuid(), sa.ForeignKey("service_item.id"), nullable=False),
        sa.Column("item_code", sa.Text(), nullable=False),
        sa.Column("unit_code", sa.Text(), nullable=False, index=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("materials", JSONB(), nullable=False),
        sa.Column("submitted_at", TZ, nullable=False),
        sa.Column("forwarded_at", TZ),
        sa.Column("decided_at", TZ),
        sa.Column("ended_at", TZ),
        sa.Column("due_at", TZ),
        sa.Column("due_kind", sa.Text()),
        sa.Column("notices", sa.Integer(), nullable=False),
        sa.Column("grade", sa.Integer()),
        sa.Column("link_after", TZ),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("grade between 1 and 5", name="grade"),
    )
    op.create_index("ix_application_newest", "application", ["area_code", "submitted_at", "id"])
    op.create_index("ix_application_due", "application", ["due_at"], postgresql_where=sa.text("due_at is not null"))
    op.create_index(
        "ix_application_to_link", "application", ["link_after"], postgresql_where=sa.text("link_after is not null")
    )
    op.create_table(
        "party",
        sa.Column("id", sa.Uuid(), primary_key=True),
        of_application(unique=True),
        area(),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("phone", sa.LargeBinary()),
        sa.Column("id_number", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.Uuid(), index=True),
        sa.Column("taken_at", TZ, nullable=False),
    )


def _create_histories() -> None:
    op.create_table(
        "entry",
        sa.Column("id", sa.Uuid(), primary_key=True),
        of_application(index=True),
        area(),
        sa.Column("at", TZ, nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("post", sa.Text()),
        sa.Column("unit", sa.Text()),
        sa.Column("reason", sa.Text()),
    )
    op.create_table(
        "clock",
        sa.Column("id", sa.Uuid(), primary_key=True),
        of_application(index=True),
        area(),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("started_at", TZ, nullable=False),
        sa.Column("stopped_at", TZ),
        sa.Column("due_at", TZ, nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
    )
    op.create_table(
        "pause",
        sa.Column("id", sa.Uuid(), primary_key=True),
        of_application(index=True),
        area(),
        sa.Column("procedure", sa.Text(), nullable=False),
        sa.Column("from_at", TZ, nullable=False),
        sa.Column("to_at", TZ),
    )
    op.create_index(
        "uq_pause_open", "pause", ["application_id"], unique=True, postgresql_where=sa.text("to_at is null")
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), primary_key=True),
        of_application(index=True),
        area(),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("deficiencies", JSONB(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("given_at", TZ, nullable=False),
        sa.UniqueConstraint("application_id", "round"),
    )


def downgrade() -> None:
    for table in (*SCOPED[1:], "application", "service_item", "handling_unit", "progress_lock", "receipt_counter"):
        op.drop_table(table)
    drop_kernel_tables(op)
