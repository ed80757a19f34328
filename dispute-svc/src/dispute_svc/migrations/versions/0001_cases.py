"""Cases with dispatches, objections, timeline and parties; the routing table; what is known of units and grids."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from grid_kernel.migrations import create_kernel_tables, drop_kernel_tables, scope_by_area

revision = "0001"
down_revision = None

SCOPED = ("gov_case", "dispatch", "objection", "case_entry", "case_party")
PLAIN = ("routing_rule", "unit", "succession", "person_merge", "case_number", "progress_lock")
CHECKS = {
    "gov_case": {
        "state": "state in ('reported', 'dispatched', 'objected', 'handling', 'handled', 'verified', 'closed', 'rated')",
        "kind": "kind in ('hazard', 'dispute', 'opinion')",
        "point": "(lon is null) = (lat is null) and (lon is null or (abs(lon) <= 180 and abs(lat) <= 90))",
        "ended": "(state in ('closed', 'rated')) = (closed_at is not null and outcome is not null)",
        "rated": "(state = 'rated') = (grade is not null) and (grade is null or grade between 1 and 5)",
        "version": "version >= 1",
    },
    "dispatch": {
        "state": "state in ('sent', 'objected', 'accepted', 'handled', 'withdrawn')",
        "role": "role in ('lead', 'co')",
        "limit": "limit_amount > 0",
    },
    "objection": {
        "state": "state in ('open', 'upheld', 'rerouted')",
        "decided": "(state = 'open') = (decided_at is null) and (state = 'rerouted') = (rerouted_to is not null)",
    },
    "routing_rule": {"period": "valid_to is null or valid_from <= valid_to", "limit": "limit_amount > 0"},
}
APPEND_ONLY = """
create function case_entry_is_append_only() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' or to_jsonb(new) - 'area_code' <> to_jsonb(old) - 'area_code' then
        raise exception 'entries of a case are never changed';
    end if;
    return new;
end $$
"""


def upgrade() -> None:
    create_kernel_tables(op)
    _gov_case()
    _dispatch()
    _objection()
    _case_entry()
    _case_party()
    _routing_rule()
    _unit()
    _succession()
    _person_merge()
    _case_number()
    _progress_lock()
    for table, checks in CHECKS.items():
        for name, condition in checks.items():
            op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)
    for table in SCOPED:
        scope_by_area(op, table, service="dispute")
    op.execute(APPEND_ONLY)
    op.execute(
        "create trigger case_entry_append_only before update or delete on case_entry "
        "for each row execute function case_entry_is_append_only()"
    )


def downgrade() -> None:
    for table in (*PLAIN, *reversed(SCOPED)):
        op.drop_table(table)
    op.execute("drop function case_entry_is_append_only()")
    drop_kernel_tables(op)


def _case_number() -> None:
    op.create_table(
        "case_number",
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("last", sa.Integer(), nullable=False),
    )


def _gov_case() -> None:
    op.create_table(
        "gov_case",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("case_code", sa.Text(), nullable=False, unique=True),
        sa.Column("query_code", sa.LargeBinary(), nullable=False),
        sa.Column("area_code", sa.Text(collation="C"), nullable=False, index=True),
        sa.Column("grid_code_then", sa.Text()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("title", sa.LargeBinary(), nullable=False),
        sa.Column("description", sa.LargeBinary()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("restricted", sa.Boolean(), nullable=False),
        sa.Column("emergency", sa.Boolean(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reporter_kind", sa.Text(), nullable=False),
        sa.Column("reporter_id", sa.Text(), nullable=False),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("lon", sa.Float()),
        sa.Column("lat", sa.Float()),
        sa.Column("accuracy_m", sa.Float()),
        sa.Column("captured_at", sa.DateTime(timezone=True)),
        sa.Column("point_source", sa.Text()),
        sa.Column("point_crs", sa.Text()),
        sa.Column("building_id", sa.Uuid()),
        sa.Column("chosen_area", sa.Text()),
        sa.Column("locate_after", sa.DateTime(timezone=True)),
        sa.Column("located_at", sa.DateTime(timezone=True)),
        sa.Column("routing", JSONB()),
        sa.Column("lead_unit", sa.Text()),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("outcome", sa.Text()),
        sa.Column("grade", sa.Integer()),
    )
    op.create_index(
        "ix_gov_case_locate_after", "gov_case", ["locate_after"], postgresql_where=sa.text("locate_after is not null")
    )
    op.create_index("ix_gov_case_reported_at_id", "gov_case", ["reported_at", "id"])
    op.create_index("ix_gov_case_reporter_id_reported_at", "gov_case", ["reporter_id", "reported_at"])


def _person_merge() -> None:
    op.create_table(
        "person_merge",
        sa.Column("merged_id", sa.Uuid(), primary_key=True),
        sa.Column("survivor_id", sa.Uuid(), nullable=False),
    )


def _progress_lock() -> None:
    op.create_table(
        "progress_lock",
        sa.Column("case_id", sa.Uuid(), primary_key=True),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True)),
    )


def _routing_rule() -> None:
    op.create_table(
        "routing_rule",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("area_prefix", sa.Text(), nullable=False),
        sa.Column("unit_code", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("limit_amount", sa.Integer(), nullable=False),
        sa.Column("limit_unit", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date()),
    )
    op.create_index("ix_routing_rule_category_area_prefix", "routing_rule", ["category", "area_prefix"])


def _succession() -> None:
    op.create_table(
        "succession",
        sa.Column("predecessor", sa.Text(), primary_key=True),
        sa.Column("successors", ARRAY(sa.Text()), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("buildings", JSONB(), nullable=False),
    )


def _unit() -> None:
    op.create_table(
        "unit",
        sa.Column("code", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
    )


def _case_entry() -> None:
    op.create_table(
        "case_entry",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey("gov_case.id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("area_code", sa.Text(collation="C"), nullable=False, index=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("dispatch_id", sa.Uuid()),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("post", sa.Text()),
        sa.Column("unit", sa.Text()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("note", sa.LargeBinary()),
        sa.Column("lon", sa.Float()),
        sa.Column("lat", sa.Float()),
        sa.Column("accuracy_m", sa.Float()),
        sa.Column("attachments", ARRAY(sa.Text()), nullable=False),
        sa.Column("explanation", JSONB()),
    )
    op.create_index("uq_case_entry_case_id_number", "case_entry", ["case_id", "number"], unique=True)


def _case_party() -> None:
    op.create_table(
        "case_party",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey("gov_case.id"), nullable=False, index=True),
        sa.Column("area_code", sa.Text(collation="C"), nullable=False, index=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), index=True),
        sa.Column("name", sa.LargeBinary()),
        sa.Column("contact", sa.LargeBinary()),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
    )


def _dispatch() -> None:
    op.create_table(
        "dispatch",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey("gov_case.id"), nullable=False),
        sa.Column("area_code", sa.Text(collation="C"), nullable=False, index=True),
        sa.Column("unit_code", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("rule_id", sa.Uuid()),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("limit_amount", sa.Integer(), nullable=False),
        sa.Column("limit_unit", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True)),
        sa.Column("handled_at", sa.DateTime(timezone=True)),
        sa.Column("handled_by", sa.Text()),
    )
    op.create_index("ix_dispatch_unit_code_state", "dispatch", ["unit_code", "state"])
    op.create_index(
        "uq_dispatch_live_lead",
        "dispatch",
        ["case_id"],
        unique=True,
        postgresql_where=sa.text("role = 'lead' and state <> 'withdrawn'"),
    )
    op.create_index(
        "uq_dispatch_live_unit",
        "dispatch",
        ["case_id", "unit_code"],
        unique=True,
        postgresql_where=sa.text("state <> 'withdrawn'"),
    )


def _objection() -> None:
    op.create_table(
        "objection",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Uuid(), sa.ForeignKey("gov_case.id"), nullable=False, index=True),
        sa.Column("dispatch_id", sa.Uuid(), sa.ForeignKey("dispatch.id"), nullable=False, index=True),
        sa.Column("area_code", sa.Text(collation="C"), nullable=False, index=True),
        sa.Column("unit_code", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("rerouted_to", sa.Text()),
    )
    op.create_index("ix_objection_unit_code_raised_at", "objection", ["unit_code", "raised_at"])
