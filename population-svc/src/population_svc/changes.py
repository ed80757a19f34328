"""Which households of a grid changed since somebody looked: rows appended by the database itself.

Every change of what a pack shows (household, dwelling, person, occupancy, care entry, visit) fires a statement trigger
that notes the household, the grid it lies or lay in, and the transaction. Whoever asks again names the oldest
transaction that was still running when they asked before: what had not been committed then is at or above it, so no
change is missed, however transactions overlap; some are told twice.
"""

from collections.abc import Mapping

_HOUSEHOLD = "r.area_code, r.household_id, null::uuid"
_NEW, _OLD_AND_NEW = "select {0} from new_rows r", "select {0} from old_rows r union select {0} from new_rows r"
_HOMES = "select h.area_code, h.id, null::uuid from new_rows r join household h on h.dwelling_id = r.id"
_LIVED = "select o.area_code, o.household_id, null::uuid from new_rows r join occupancy o on o.person_id = r.id"

NOTED: Mapping[str, Mapping[str, str]] = {
    "household": {
        "insert": _NEW.format("r.area_code, r.id, null::uuid"),
        "update": _OLD_AND_NEW.format("r.area_code, r.id, null::uuid"),
    },
    "dwelling": {"update": _HOMES},
    "person": {"update": f"{_LIVED} and o.valid_to is null"},
    "occupancy": {
        "insert": _NEW.format(f"distinct {_HOUSEHOLD}"),
        "update": _OLD_AND_NEW.format("r.area_code, r.household_id, r.person_id"),
    },
    "care_entry": {"insert": _NEW.format(_HOUSEHOLD), "update": _OLD_AND_NEW.format(_HOUSEHOLD)},
    "visit": {"insert": _NEW.format(f"distinct {_HOUSEHOLD}")},
}
"""Per table and kind of statement: area, household and (where one may have gone) person of the rows it touched."""


LATER: Mapping[str, Mapping[str, str]] = {
    "door_token": {
        "insert": "select h.area_code, h.id, null::uuid from new_rows r"
        " join household h on h.dwelling_id = r.dwelling_id and h.dissolved_on is null"
    },
}
"""The same of tables that came later; each by its own migration."""


def note_changes(table: str) -> list[str]:
    """The statements that make a table note its changes (for migrations)."""
    return [statement for kind, rows in {**NOTED, **LATER}[table].items() for statement in _noting(table, kind, rows)]


def forget_changes(table: str) -> list[str]:
    """The statements that undo `note_changes`."""
    return [f"drop function {table}_{kind}_noted() cascade" for kind in {**NOTED, **LATER}[table]]


def _noting(table: str, kind: str, rows: str) -> list[str]:
    name = f"{table}_{kind}_noted"
    seen = "new table as new_rows" if kind == "insert" else "old table as old_rows new table as new_rows"
    function = (
        f"create function {name}() returns trigger language plpgsql as $$ begin "
        f"insert into roster_change (area_code, household_id, person_id) {rows}; return null; end $$"
    )
    trigger = f"create trigger {name} after {kind} on {table} referencing {seen} "
    return [function, f"{trigger} for each statement execute function {name}()"]
