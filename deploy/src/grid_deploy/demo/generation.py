"""Generate a demonstration: grid after grid, so that memory does not grow with the district."""

from pathlib import Path

import orjson

from grid_deploy.demo.applications import Applications
from grid_deploy.demo.areas import Grid, load_district
from grid_deploy.demo.buildings import building_row, buildings_of, dwelling_rows
from grid_deploy.demo.care import care_of
from grid_deploy.demo.cases import Cases
from grid_deploy.demo.people import Population, household_row, person_rows
from grid_deploy.demo.plan import Plan, WorkingDays
from grid_deploy.demo.randomness import stream
from grid_deploy.demo.roster import roster_rows
from grid_deploy.demo.samples import Samples
from grid_deploy.demo.staff import Staff, staff_of
from grid_deploy.demo.units import unit_rows
from grid_deploy.demo.visits import visits_of
from grid_deploy.demo.writing import Files
from grid_kernel.clock import WorkingCalendar

Counts = dict[str, int]


class UnknownCommunityError(ValueError):
    """A community code without grids."""


def generate(plan: Plan, folder: Path) -> Counts:
    """Write all files of a plan into a folder and say how many rows each got."""
    district = load_district()
    unknown = [code for code in plan.communities if not district.grids_of((code,))]
    if unknown:
        raise UnknownCommunityError(f"no grids of community {', '.join(unknown)}")
    grids = district.grids_of(plan.communities)
    days = WorkingDays(WorkingCalendar.packaged())
    staff = staff_of(plan, grids)
    population = Population(plan)
    samples = Samples()
    with Files(folder) as files:
        files.write("gateway/units", unit_rows(district, population.registry.phone))
        files.write("gateway/accounts", staff.accounts)
        files.write("gateway/posts", staff.posts)
        files.write("gateway/roster", roster_rows(plan, staff, days))
        _ground(plan, grids, staff, days, population, samples, files)
        files.write("approval/applications", Applications(plan, days, staff, samples, population).rows())
        files.write("dispute/cases", Cases(plan, days, staff, samples, district).rows())
    _write_manifest(plan, folder, files.counts)
    return files.counts


def _ground(
    plan: Plan,
    grids: tuple[Grid, ...],
    staff: Staff,
    days: WorkingDays,
    population: Population,
    samples: Samples,
    files: Files,
) -> None:
    """Everything that stands, lives and happens in the grids."""
    numbered: dict[str, int] = {}
    for grid in grids:
        buildings = buildings_of(grid, plan.seed, numbered.get(grid.community.code, 0) + 1)
        numbered[grid.community.code] = buildings[-1].number
        files.write("gis/buildings", (building_row(grid, building) for building in buildings))
        dwellings = dwelling_rows(grid, buildings, plan.seed)
        files.write("population/dwellings", dwellings)
        households = population.households_of(grid, dwellings)
        files.write("population/households", (household_row(grid, household) for household in households))
        for household in households:
            files.write("population/persons", person_rows(grid, household))
        care = list(care_of(grid, households, plan))
        files.write("population/care", care)
        cared_for = {row["household_id"] for row in care}
        officer = staff.officers[grid.code]
        files.write("population/visits", visits_of(officer, households, cared_for, plan, days))
        samples.keep(grid, buildings, households, stream(plan.seed, "samples", grid.code))


def _write_manifest(plan: Plan, folder: Path, counts: Counts) -> None:
    manifest = {
        "seed": plan.seed,
        "as_of": plan.as_of.isoformat(),
        "communities": list(plan.communities) or "district",
        "rows": counts,
        "synthetic": True,
    }
    (folder / "manifest.json").write_bytes(
        orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    )
