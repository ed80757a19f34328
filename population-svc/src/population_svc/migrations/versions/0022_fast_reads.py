"""Let figures read indexes alone, and let nobody look for a person in the index of a constraint."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

COUNTED = {
    "person": ("status", "sex", "population_type", "registered_here", "registration_matches", "birth_date"),
    "household": ("id", "presence"),
    "dwelling": ("use",),
}


def upgrade() -> None:
    # To the planner the GiST index of the constraint costs as much as the unique one, and takes a hundred times as
    # long: identifiers of one time look alike. Over an expression it serves the constraint alone.
    _one_place_at_a_time("(coalesce(person_id, person_id))")
    op.drop_index("ix_visit_area_code", "visit")
    op.create_index(
        "ix_visit_area_code", "visit", ["area_code", "visited_on"], postgresql_include=["household_id", "outcome"]
    )
    for table, columns in COUNTED.items():
        versions = f"{table}_version"
        op.create_index(
            f"ix_{versions}_counted",
            versions,
            ["area_code", "valid_from"],
            postgresql_include=[*columns, "valid_to"],
            postgresql_where=sa.text("superseded_at is null"),
        )


def _one_place_at_a_time(person: str) -> None:
    op.execute("alter table occupancy drop constraint ex_occupancy_one_place_at_a_time")
    op.execute(
        "alter table occupancy add constraint ex_occupancy_one_place_at_a_time "
        f"exclude using gist ({person} with =, daterange(valid_from, valid_to) with &&)"
    )


def downgrade() -> None:
    for table in COUNTED:
        op.drop_index(f"ix_{table}_version_counted", f"{table}_version")
    op.drop_index("ix_visit_area_code", "visit")
    op.create_index("ix_visit_area_code", "visit", ["area_code", "visited_on"])
    _one_place_at_a_time("person_id")
