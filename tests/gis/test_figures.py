"""Figures on the map: kept from events in whatever order they come, by quarter, few persons never told."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.hearing import hear

from gis_svc import class_breaks
from gis_svc.class_breaks import Method
from gis_svc.revisions import revisions_of
from grid_kernel import clock
from grid_kernel.auth import Actor, Post
from grid_kernel.contracts.dispute import CaseClosed, CaseLocated, CaseReopened, CaseReported
from grid_kernel.contracts.population import FiguresTaken
from grid_kernel.events import Event
from grid_kernel.runtime import Runtime
from grid_kernel.testing import Tokens, actor

from .conftest import Send, Surfaces

NAMESPACE = UUID(int=5)
NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
LAST = datetime(2026, 9, 24, 3, tzinfo=UTC)
SEEDS = pytest.mark.parametrize("seed", range(4))


def figures(grid: str, sequence: int = 1, quarter: str = "2026Q4", **counted: int) -> FiguresTaken:
    said = {"households": 400, "persons": 900, "visited": 300, "fresh": 200} | counted
    aggregate = uuid5(NAMESPACE, f"{grid}/{quarter}")
    return FiguresTaken(
        aggregate_id=aggregate, sequence=sequence, occurred_at=NOW, area_code=grid, quarter=quarter, **said
    )


def case(kind: type[Any], case_id: UUID, sequence: int, area: str, at: datetime = NOW, **more: Any) -> Event:
    said = {"case_code": "1", "restricted": False, "category": "H06"} | more
    told: Event = kind(aggregate_id=case_id, sequence=sequence, occurred_at=at, area_code=area, **said)
    return told


@pytest.fixture
def ask(client: httpx.AsyncClient, tokens: Tokens) -> Any:
    async def asked(path: str, who: Actor | None = None, **params: str) -> Any:
        who = who or actor(Post.STREET_LEADER, "150204001")
        answer = await client.get(f"/ogc/collections/{path}", params=params, headers=tokens.headers(who))
        assert answer.status_code in (200, 304, 404), answer.text
        return answer

    return asked


@pytest.fixture
def codes(community: str, grids: Surfaces) -> list[str]:
    """The grids of a community of a test's own."""
    return sorted(code for code in grids if code.startswith(community))


async def shown(ask: Any, collection: str, code: str, **params: str) -> Any:
    answer = await ask(f"{collection}/items/{code}", **params)
    return answer.json()["properties"] if answer.status_code == httpx.codes.OK else None


@SEEDS
async def test_the_latest_figures_of_a_grid_are_shown_and_its_community_is_their_sum(
    runtime: Runtime, ask: Any, community: str, codes: list[str], seed: int
) -> None:
    told = [figures(codes[0], 1, households=1), figures(codes[0], 2), figures(codes[1], 1, households=100, visited=100)]
    await hear(runtime, told, seed)
    grid = await shown(ask, "visit-coverage", codes[0])
    assert (grid["households"], grid["persons"], grid["coverage"], grid["freshness"]) == (400, 900, 0.75, 0.5)
    assert (grid["level"], grid["quarter"]) == ("grid", clock.quarter_of(clock.today(clock.now())).label)
    whole = await shown(ask, "visit-coverage", community)
    assert (whole["level"], whole["households"], whole["visited"], whole["coverage"]) == ("community", 500, 400, 0.8)


async def test_fewer_than_five_persons_are_blanked_and_households_are_not(
    runtime: Runtime, ask: Any, codes: list[str]
) -> None:
    await hear(runtime, [figures(codes[0], households=2, persons=4, visited=0, fresh=0), figures(codes[1], persons=5)])
    few, enough = [await shown(ask, "visit-coverage", code) for code in codes[:2]]
    assert (few["households"], few["persons"], few["coverage"]) == (2, None, 0)
    assert enough["persons"] == 5
    # A difference between the community and its grids does not tell them either.
    assert (await shown(ask, "visit-coverage", codes[0][:12]))["persons"] == 5
    # Nor can it be asked for by a filter.
    found = await ask("visit-coverage/items", filter=f"code = '{codes[0]}' AND persons < 5")
    assert found.json()["features"] == []


async def test_an_earlier_quarter_is_shown_as_it_was(runtime: Runtime, ask: Any, codes: list[str]) -> None:
    await hear(runtime, [figures(codes[0], quarter="2026Q3", visited=400), figures(codes[0])])
    now, before, never = [
        await shown(ask, "visit-coverage", codes[0], datetime=day) for day in ("2026-11-01", "2026-09-30", "2025-01-01")
    ]
    assert (now["coverage"], now["quarter"]) == (0.75, "2026Q4")
    assert (before["coverage"], before["quarter"]) == (1, "2026Q3")
    assert never is None


@SEEDS
async def test_cases_are_counted_where_and_when_they_were_reported_in_whatever_order_it_is_heard(
    runtime: Runtime, ask: Any, community: str, codes: list[str], seed: int
) -> None:
    one, two, old, void = (uuid4() for _ in range(4))
    told = [
        figures(codes[0], households=50),
        case(CaseReported, one, 1, community),
        case(CaseLocated, one, 2, codes[0], located=True),
        case(CaseClosed, one, 5, codes[0], outcome="solved"),
        case(CaseReopened, one, 7, codes[0]),
        case(CaseReported, two, 1, codes[0]),
        case(CaseClosed, two, 4, codes[0], outcome="solved"),
        case(CaseReported, old, 1, codes[0], LAST),
        case(CaseReported, void, 1, codes[0]),
        case(CaseClosed, void, 2, codes[0], outcome="void"),
    ]
    await hear(runtime, told, seed)
    grid = await shown(ask, "case-density", codes[0])
    assert (grid["cases"], grid["openCases"], grid["casesPer100Households"]) == (2, 1, 4)
    assert grid["casesPerKm2"] > 0
    whole = await shown(ask, "case-density", community)
    assert (whole["cases"], whole["openCases"]) == (2, 1)
    assert (await shown(ask, "case-density", codes[0], datetime="2026-09-24"))["cases"] == 1


async def test_a_restricted_case_leaves_no_mark(runtime: Runtime, ask: Any, community: str, codes: list[str]) -> None:
    hidden, turned = uuid4(), uuid4()
    await hear(runtime, [case(CaseReported, hidden, 1, "150204", restricted=True, category=None)])
    await hear(runtime, [case(CaseReported, turned, 1, codes[0])])
    assert (await shown(ask, "case-density", codes[0]))["cases"] == 1
    await hear(runtime, [case(CaseLocated, turned, 2, "150204", restricted=True, category=None, located=True)])
    assert (await shown(ask, "case-density", codes[0]))["cases"] == 0


async def test_what_is_heard_makes_the_map_new(runtime: Runtime, ask: Any, codes: list[str]) -> None:
    await hear(runtime, [figures(codes[0], 1)])
    await revisions_of(runtime).refresh(runtime)
    before = await ask("visit-coverage/items", code=codes[0])
    tile = await ask("visit-coverage/tiles/WebMercatorQuad/0/0/0")
    assert tile.content
    await hear(runtime, [figures(codes[0], 2, visited=1)])
    # The process that heard it, and every other, knows within a second.
    for _ in range(50):
        after = await ask("visit-coverage/items", code=codes[0])
        if after.headers["etag"] != before.headers["etag"]:
            break
        await asyncio.sleep(0.1)
    assert after.json()["features"][0]["properties"]["visited"] == 1
    assert (await ask("visit-coverage/tiles/WebMercatorQuad/0/0/0")).headers["etag"] != tile.headers["etag"]


async def test_class_breaks_are_those_of_the_quarter_and_the_level(
    send: Send, runtime: Runtime, codes: list[str]
) -> None:
    await hear(runtime, [figures(code, quarter="2025Q2", visited=100 * n) for n, code in enumerate(codes[:4])])
    reader = actor(Post.STREET_LEADER, "150204001")
    path = "/statistics/visit-coverage/breaks"
    asked = {"figure": "coverage", "quarter": "2025Q2", "classes": "2"}
    answer = await send(reader, "GET", path, params=asked)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["breaks"], answer.json()["counts"]) == ([0.5, 0.75], [3, 1])
    nothing = await send(reader, "GET", path, params=asked | {"quarter": "2024Q2"})
    assert (nothing.json()["breaks"], nothing.json()["counts"]) == ([], [])
    for wrong in ({"figure": "cases"}, {"figure": "x"}, {"quarter": "2025"}, {"level": "street"}, {"classes": "99"}):
        assert (await send(reader, "GET", path, params=asked | wrong)).status_code == 400
    assert (await send(None, "GET", path, params=asked)).status_code == 401


@given(
    values=st.lists(st.integers(0, 500).map(float), max_size=60),
    classes=st.integers(2, 7),
    method=st.sampled_from(Method),
)
def test_every_value_has_a_class_and_bounds_rise(values: list[float], classes: int, method: Method) -> None:
    bounds = class_breaks.breaks(values, classes, method)
    assert bounds == sorted(set(bounds))
    assert len(bounds) <= classes
    assert sum(class_breaks.counts(values, bounds)) == len(values)
    if values:
        assert bounds[-1] == max(values)


@given(values=st.lists(st.integers(0, 30).map(float), min_size=4, max_size=9, unique=True))
def test_natural_classes_are_the_best_there_are(values: list[float]) -> None:
    numbers = sorted(values)

    def spread(cuts: tuple[int, int]) -> float:
        return sum(float(np.var(part) * len(part)) for part in np.split(np.array(numbers), cuts))

    cuts = [(i, j) for i in range(1, len(numbers)) for j in range(i + 1, len(numbers))]
    bounds = class_breaks.breaks(numbers, 3, Method.JENKS)
    found = [numbers.index(bound) + 1 for bound in bounds[:2]]
    assert spread((found[0], found[1])) == pytest.approx(min(map(spread, cuts)))
