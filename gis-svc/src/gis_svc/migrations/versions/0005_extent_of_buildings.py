"""No building is wider than a hundredth of a degree: so a box is found in a narrow strip of the index."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_check_constraint(op.f("ck_building_extent"), "building", "east - west <= 0.01 and north - south <= 0.01")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_building_extent"), "building", type_="check")
