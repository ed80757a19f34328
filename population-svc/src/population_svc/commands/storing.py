"""Writing rows so that what the database refuses becomes a refusal people understand."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.errors import FieldError, InvalidInput, Refusal
from population_svc import rules

ABOUT = frozenset({"effective_on", "evidence"})
_REFUSED_BY: Mapping[str, type[Refusal]] = {
    "uq_dwelling_house_code": rules.DwellingKnown,
    "uq_person_id_number_index": rules.IdNumberRegistered,
    "uq_care_entry_running": rules.AlreadyRecorded,
    "uq_visit_rule_area_code_valid_from": rules.AlreadyRecorded,
    "uq_staffing_norm_area_code_norm_of_valid_from": rules.AlreadyRecorded,
    "pk_dwelling": rules.AlreadyRecorded,
    "pk_household": rules.AlreadyRecorded,
    "pk_person": rules.AlreadyRecorded,
    "pk_visit": rules.AlreadyRecorded,
    "pk_care_entry": rules.AlreadyRecorded,
    "uq_check_setting_area_code_kind_member_valid_from": rules.AlreadyRecorded,
    "pk_transfer": rules.AlreadyRecorded,
    "pk_organization": rules.AlreadyRecorded,
    "pk_volunteer_team": rules.AlreadyRecorded,
    "pk_seat": rules.AlreadyRecorded,
    "pk_public_document": rules.AlreadyRecorded,
    "uq_organization_uscc_open": rules.UsccRegistered,
    "uq_seat_held": rules.SeatTaken,
    "uq_seat_chair": rules.SeatTaken,
    "uq_transfer_undecided": rules.TransferRunning,
}


@asynccontextmanager
async def stored(session: AsyncSession) -> AsyncIterator[None]:
    """Write what the block adds; an id, house code or identity number that is taken is refused."""
    try:
        yield
        await session.flush()
    except IntegrityError as error:
        name = getattr(getattr(error.orig, "__cause__", None), "constraint_name", "")
        if (refusal := _REFUSED_BY.get(name)) is None:
            raise
        raise refusal from None


def stated(change: Any, *, may_be_empty: frozenset[str]) -> dict[str, Any]:
    """What a change says, without what it leaves out; null only where something may be unknown."""
    said = {name: getattr(change, name) for name in change.model_fields_set if name not in ABOUT}
    empty = [name for name, value in said.items() if value is None and name not in may_be_empty]
    if empty:
        raise InvalidInput(errors=[FieldError(f"/{name}", "missing") for name in sorted(empty)])
    return said
