"""Which parts of the map a change touches: cells of zoom 14, counted with the layer."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

LAYERS = {"building": "buildings", "thing": "things", "service_point": "service-points", "road": "roads"}
EVENTS = {"insert": "new table as fresh", "update": "old table as former new table as fresh"}
EVENTS |= {"delete": "old table as former"}

# A tile shows a little more than itself: a 64th of its side, in the number below in sides of the whole world.
CELLS = """
create function cells_of(west float8, south float8, east float8, north float8) returns setof integer
language sql immutable as $$
    with edges as (
        select greatest(west, -180) / 360 + 0.5 - 0.015625 / 16384 as w,
               least(east, 180) / 360 + 0.5 + 0.015625 / 16384 as e,
               0.5 - asinh(tan(radians(least(north, 85.05)))) / (2 * pi()) - 0.015625 / 16384 as n,
               0.5 - asinh(tan(radians(greatest(south, -85.05)))) / (2 * pi()) + 0.015625 / 16384 as s
    ), sides as (
        select floor(w * 16384)::int as first_column, floor(e * 16384)::int as last_column,
               floor(n * 16384)::int as first_row, floor(s * 16384)::int as last_row
        from edges
    )
    select r * 16384 + c from sides, generate_series(first_row, last_row) r, generate_series(first_column, last_column) c
    where (last_row - first_row + 1) * (last_column - first_column + 1) <= 1000
    union all
    select -1 from sides where (last_row - first_row + 1) * (last_column - first_column + 1) > 1000
$$
"""
MARK = """
create function mark_layer() returns trigger language plpgsql as $$
declare
    counted integer;
    touched integer[];
begin
    if tg_op = 'INSERT' then
        touched := array(select distinct c from fresh, cells_of(west, south, east, north) c);
    elsif tg_op = 'DELETE' then
        touched := array(select distinct c from former, cells_of(west, south, east, north) c);
    else
        touched := array(
            select c from fresh, cells_of(west, south, east, north) c
            union
            select c from former, cells_of(west, south, east, north) c
        );
    end if;
    -- Its row is locked until the end, so that who has seen a revision has seen all before it.
    update layer_revision set revision = revision + 1 where layer = tg_argv[0] returning revision into counted;
    insert into layer_cell (layer, cell, revision) select tg_argv[0], c, counted from unnest(touched) c
    on conflict (layer, cell) do update set revision = excluded.revision;
    return null;
end $$
"""


def upgrade() -> None:
    op.create_table(
        "layer_cell",
        sa.Column("layer", sa.String(), primary_key=True),
        sa.Column("cell", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("revision", sa.Integer(), nullable=False),
    )
    op.execute(CELLS)
    op.execute(MARK)
    for table, layer in LAYERS.items():
        op.execute(f"drop trigger {table}_counted on {table}")
        for event, tables in EVENTS.items():
            op.execute(
                f"create trigger {table}_{event}_marked after {event} on {table} referencing {tables} "
                f"for each statement execute function mark_layer('{layer}')"
            )


def downgrade() -> None:
    for table, layer in LAYERS.items():
        for event in EVENTS:
            op.execute(f"drop trigger {table}_{event}_marked on {table}")
        op.execute(
            f"create trigger {table}_counted after insert or update or delete on {table} "
            f"for each statement execute function count_layer('{layer}')"
        )
    op.execute("drop function mark_layer()")
    op.execute("drop function cells_of(float8, float8, float8, float8)")
    op.drop_table("layer_cell")
