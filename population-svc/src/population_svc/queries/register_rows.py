"""The register as rows of chosen data elements: for forms that are filled in, campaigns and exports."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Select, Uuid, and_, any_, func, literal, or_
from sqlalchemy.orm import aliased
from sqlmodel import col

from grid_kernel.auth import Actor
from population_svc.models import CampaignMember, CampaignPlace, Dwelling, Household, Occupancy, Person, Visit
from population_svc.queries.scope import everyone, visible, within
from population_svc.rules import PLACE, VisitOutcome

_HEAD: Any = aliased(Person)


def _living() -> Any:
    lives = everyone(Occupancy).where(
        col(Occupancy.household_id) == col(Household.id), col(Occupancy.valid_to).is_(None)
    )
    return lives.with_only_columns(func.count()).correlate(Household).scalar_subquery()


def _last_visit() -> Any:
    done = everyone(Visit).where(col(Visit.household_id) == col(Household.id), col(Visit.outcome) == VisitOutcome.DONE)
    return done.with_only_columns(func.max(col(Visit.visited_on))).correlate(Household).scalar_subquery()


_PLAIN: Mapping[str, Any] = {
    **{
        name: getattr(Person, name)
        for name in ("name", "sex", "birth_date", "id_document_type", "id_number", "phone", "population_type")
    },
    **{name: getattr(Dwelling, name) for name in ("house_code", "entrance", "floor", "room_no", "address", "area_m2")},
    "registered_here": Person.registered_here,
    "relation_to_head": Occupancy.relation_to_head,
    "moved_in_on": Occupancy.valid_from,
    "household_phone": Household.phone,
    "household_type": Household.household_type,
    "presence": Household.presence,
    "head_name": _HEAD.name,
    "grid_code": Dwelling.area_code,
    "dwelling_use": Dwelling.use,
    "place_name": CampaignPlace.name,
    "place_kind": CampaignPlace.kind,
    "place_address": CampaignPlace.address,
}
_MADE: Mapping[str, Callable[[], Any]] = {
    "person_count": _living,
    "last_visited_on": _last_visit,
    "community_code": lambda: func.left(col(Dwelling.area_code), 12),
    "building_no": lambda: func.substr(col(Dwelling.house_code), 13, 4),
}


_ROOTS: Mapping[str, Any] = {"person": Person, "household": Household, "dwelling": Dwelling, PLACE: CampaignPlace}
_WALKS: Mapping[str, Any] = {
    "person": col(Household.roster_key),
    "household": col(Household.roster_key),
    "dwelling": col(Dwelling.house_code),
    PLACE: col(CampaignPlace.name),
}


def _column(code: str) -> Any:
    return _PLAIN[code] if code in _PLAIN else _MADE[code]()


def register_rows(
    actor: Actor,
    subject: str,
    elements: Sequence[str],
    *,
    area: str | None,
    campaign: UUID | None = None,
    ids: Sequence[UUID] | None = None,
    after: tuple[str, UUID] | None = None,
    limit: int = 1_000,
) -> Select[Any]:
    """Persons, households or dwellings of an area in the order of a walk, each with the elements asked for.

    `id` and `place` are the key of a page; `area_code` says where a row lies. Of a campaign: only its homes, with
    the moment of the answer.
    """
    root = _ROOTS[subject]
    asked = _joined(visible(actor, root), subject)
    asked = asked.where(within(root.area_code, area))
    place = _WALKS[subject]
    if after is not None:
        asked = asked.where(or_(place > after[0], and_(place == after[0], root.id > after[1])))
    if ids is not None:
        asked = asked.where(root.id == any_(literal(list(ids), ARRAY(Uuid))))
    columns = [_column(code).label(f"e_{code}") for code in elements]
    columns.append(literal(0).label("version") if root is CampaignPlace else root.version.label("version"))
    if campaign is not None:
        asked = asked.join(CampaignMember, col(CampaignMember.target_id) == root.id)
        asked = asked.where(col(CampaignMember.campaign_id) == campaign)
        if root is CampaignPlace:
            asked = asked.where(col(CampaignPlace.campaign_id) == campaign)
        columns.append(col(CampaignMember.answered_at))
    if subject == "household":
        columns.append(_HEAD.id.label("head_id"))
    asked = asked.with_only_columns(root.id, root.area_code, place.label("place"), *columns)
    return asked.order_by(place, root.id).limit(limit)


def persons_named(actor: Actor, ids: Sequence[UUID]) -> Select[Any]:
    """Persons whose names stand in other rows, so that it is recorded that they were read."""
    asked = visible(actor, Person).where(col(Person.id) == any_(literal(list(ids), ARRAY(Uuid))))
    return asked.with_only_columns(col(Person.id))


def count_rows(actor: Actor, subject: str, area: str) -> Select[Any]:
    """How many rows that would be."""
    root = _ROOTS[subject]
    asked = _joined(visible(actor, root), subject).where(within(root.area_code, area))
    return asked.with_only_columns(func.count().label("number"))


def _joined(asked: Select[Any], subject: str) -> Select[Any]:
    if subject in {"dwelling", PLACE}:
        return asked
    if subject == "person":
        asked = asked.where(col(Person.restricted_on).is_(None))
        lives = and_(col(Occupancy.person_id) == col(Person.id), col(Occupancy.valid_to).is_(None))
        asked = asked.join(Occupancy, lives).join(Household, col(Household.id) == col(Occupancy.household_id))
    else:
        asked = asked.where(col(Household.dissolved_on).is_(None))
    asked = asked.join(Dwelling, col(Dwelling.id) == col(Household.dwelling_id))
    # Restricted persons stand in no form and no file, whoever asks.
    return asked.outerjoin(_HEAD, and_(_HEAD.id == col(Household.head_person_id), _HEAD.restricted_on.is_(None)))
