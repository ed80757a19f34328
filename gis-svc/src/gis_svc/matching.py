"""Free text against registered addresses: every candidate with its score, one answer only if no other comes near."""

from collections.abc import Sequence
from datetime import date

from gis_svc import addresses
from gis_svc.addresses import BUILDING, COMMUNITY, DISTRICT, STREET, Element, Gazetteer, Parsed
from gis_svc.location import Places
from gis_svc.queries import addresses as queries
from gis_svc.rules import DISTRICT_DIGITS, Level
from gis_svc.schemas import AddressOut, CandidateOut, ElementOut, MatchOut, Position
from grid_kernel.auth import Actor
from grid_kernel.reads import ReadRunner, Row

MOST_SHOWN = 10
_TYPES = {Level.DISTRICT: DISTRICT, Level.STREET: STREET, Level.COMMUNITY: COMMUNITY}


def gazetteer_of(places: Places, day: date) -> Gazetteer:
    """The names of the areas in force on a day."""
    held = [p for p in places.drawn() if p.valid_from <= day and (p.valid_to is None or day < p.valid_to)]
    named = {level: tuple(sorted({p.name for p in held if p.level == level})) for level in _TYPES}
    return Gazetteer(named[Level.DISTRICT], named[Level.STREET], named[Level.COMMUNITY])


async def match(
    reads: ReadRunner, actor: Actor, places: Places, text: str, *, gazetteer: Gazetteer, within: str | None, day: date
) -> MatchOut:
    """What a text may mean."""
    asked = addresses.parse(text, gazetteer)
    rows = await queries.candidates(reads, actor, asked, within)
    scored = [
        (addresses.compare(asked, _known(row, places, day), entrances=row["entrances"], floors=row["floors"]), row)
        for row in rows
    ]
    scored = [each for each in scored if each[0].score >= addresses.WORTH_SHOWING]
    scored.sort(key=lambda each: (-each[0].score, str(each[1]["address_id"])))
    best = _one_per_building(scored)[:MOST_SHOWN]
    certain = addresses.is_certain([compared.score for compared, _ in best])
    return MatchOut(
        text=text,
        normal=asked.normal,
        elements=[ElementOut.model_validate(element) for element in asked.elements],
        rest=asked.rest,
        open=list(asked.open),
        match="exact" if certain else "candidates" if best else "none",
        building_id=best[0][1]["id"] if certain else None,
        candidates=[_candidate(compared, row) for compared, row in best],
    )


def _one_per_building(
    scored: Sequence[tuple[addresses.Compared, Row]],
) -> list[tuple[addresses.Compared, Row]]:
    best: dict[object, tuple[addresses.Compared, Row]] = {}
    for compared, row in scored:
        best.setdefault(row["id"], (compared, row))
    return list(best.values())


def _candidate(compared: addresses.Compared, row: Row) -> CandidateOut:
    return CandidateOut(
        building_id=row["id"],
        address_id=row["address_id"],
        address_state=row["address_state"],
        name=row["name"],
        address_text=row["address_text"],
        grid_code=row["area_code"],
        position=Position(lon=row["lon"], lat=row["lat"]),
        score=compared.score,
        agrees=list(compared.agrees),
        differs=list(compared.differs),
    )


def _elements(row: Row, places: Places, day: date) -> tuple[Element, ...]:
    above = [
        Element(_TYPES[Level(p.level)], p.name)
        for p in places.path(row["community_code"], day)
        if len(p.code) >= DISTRICT_DIGITS
    ]
    ground = [Element(row[f"{at}_type"], row[f"{at}_name"]) for at in ("top", "above") if row[f"{at}_type"]]
    return (*above, *ground, Element(BUILDING, row["number"]))


def _known(row: Row, places: Places, day: date) -> Parsed:
    plain = tuple(Element(each.type, addresses.normal(each.name)) for each in _elements(row, places, day))
    return Parsed("".join(each.name for each in plain), plain)


def address_out(row: Row, places: Places, day: date) -> AddressOut:
    """A registered address with its way up."""
    elements = _elements(row, places, day)
    text = "".join(e.name for e in elements) + (
        "幢" if elements[-1].name.isalnum() and elements[-1].name.isascii() else ""
    )
    return AddressOut(
        id=row["address_id"],
        state=row["address_state"],
        source=row["source"],
        text=text,
        elements=[ElementOut.model_validate(element) for element in elements],
    )
