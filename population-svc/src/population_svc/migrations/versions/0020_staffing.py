"""Keep staffing norms, and ask back about empty dwellings too."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, Date, Text, Uuid

from grid_kernel.types import AREA_CODE

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "staffing_norm",
        Column("id", Uuid, nullable=False),
        Column("area_code", AREA_CODE, nullable=False),
        Column("norm_of", Text, nullable=False),
        Column("valid_from", Date, nullable=False),
        Column("valid_to", Date),
        Column("households", sa.Integer, nullable=False),
        Column("tolerance_percent", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_staffing_norm"),
        sa.UniqueConstraint("area_code", "norm_of", "valid_from", name="uq_staffing_norm_area_code_norm_of_valid_from"),
    )
    # The pilot's own: 400 households a grid with one of each post, a director for 800.
    op.execute(
        "insert into staffing_norm (id, area_code, norm_of, valid_from, households, tolerance_percent) values"
        " (gen_random_uuid(), '', 'grid', '2013-01-01', 400, 20),"
        " (gen_random_uuid(), '', 'resident_service_officer', '2013-01-01', 400, 20),"
        " (gen_random_uuid(), '', 'opinion_collector', '2013-01-01', 800, 20),"
        " (gen_random_uuid(), '', 'party_building_guide', '2013-01-01', 400, 20)"
    )
    op.alter_column("spot_check", "household_id", nullable=True)
    op.add_column("spot_check", Column("dwelling_id", Uuid))
    op.create_foreign_key("fk_spot_check_dwelling_id", "spot_check", "dwelling", ["dwelling_id"], ["id"])
    op.create_unique_constraint("uq_spot_check_dwelling_id_drawn_on", "spot_check", ["dwelling_id", "drawn_on"])
    op.create_check_constraint("about_one", "spot_check", "num_nonnulls(household_id, dwelling_id) = 1")


def downgrade() -> None:
    op.execute("delete from spot_check where household_id is null")
    op.drop_constraint("ck_spot_check_about_one", "spot_check")
    op.drop_constraint("uq_spot_check_dwelling_id_drawn_on", "spot_check")
    op.drop_column("spot_check", "dwelling_id")
    op.alter_column("spot_check", "household_id", nullable=False)
    op.drop_table("staffing_norm")
