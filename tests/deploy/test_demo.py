"""The demonstration: the same bytes every time, and a ground and people that could be."""

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from grid_deploy.demo import Plan, generate
from grid_deploy.demo.areas import load_district, to_metres
from grid_deploy.demo.composition import AGE_SHARES
from grid_deploy.demo.identity import with_check_digit

DAY = date(2026, 11, 24)
Rows = list[dict[str, Any]]


def digest(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        total.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return total.hexdigest()


def read(folder: Path, name: str) -> Rows:
    return [json.loads(line) for line in (folder / f"{name}.ndjson").read_text("utf-8").splitlines()]


def age_on(day: date, born: str) -> int:
    birth = date.fromisoformat(born)
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("town")
    generate(Plan(1, DAY), folder)
    return folder


@pytest.fixture(scope="module")
def persons(town: Path) -> Rows:
    return read(town, "population/persons")


@pytest.fixture(scope="module")
def families(persons: Rows) -> list[Rows]:
    grouped: dict[str, Rows] = defaultdict(list)
    for person in persons:
        grouped[person["household_id"]].append(person)
    return list(grouped.values())


def test_same_seed_and_day_give_the_same_bytes_in_another_process_and_another_locale(
    town: Path, tmp_path: Path
) -> None:
    command = [
        sys.executable,
        "-m",
        "grid_deploy.demo",
        "--seed",
        "1",
        "--as-of",
        DAY.isoformat(),
        "--out",
        str(tmp_path),
    ]
    strange = {"PYTHONHASHSEED": "7", "TZ": "America/New_York", "LC_ALL": "C", "LANG": "C"}
    subprocess.run(command, check=True, capture_output=True, env=os.environ | strange)
    assert digest(tmp_path) == digest(town)


@pytest.mark.parametrize("plan", [Plan(2, DAY), Plan(1, date(2026, 11, 25))], ids=["another seed", "another day"])
def test_another_seed_or_day_gives_other_bytes(town: Path, tmp_path: Path, plan: Plan) -> None:
    generate(plan, tmp_path)
    assert digest(tmp_path) != digest(town)


def test_two_communities_have_the_promised_size(town: Path) -> None:
    counts = json.loads((town / "manifest.json").read_text("utf-8"))["rows"]
    assert counts["population/households"] == 6762
    assert 16_500 < counts["population/persons"] < 17_500
    assert counts["approval/applications"] == 300
    assert counts["dispute/cases"] == 150


def test_every_row_says_that_it_is_synthetic(town: Path) -> None:
    for path in town.rglob("*.ndjson"):
        assert all(line.endswith('"synthetic":true}') for line in path.read_text("utf-8").splitlines()), path.name


def test_buildings_stand_inside_their_grid_and_not_in_each_other(town: Path) -> None:
    grids = {grid.code: grid.shape for grid in load_district().grids}
    shapes = []
    for building in read(town, "gis/buildings"):
        shape = shapely.Polygon(to_metres(np.array(building["footprint"]["coordinates"][0])))
        assert grids[building["area_code"]].contains(shape)
        assert shape.contains(shapely.Point(to_metres(np.array([[building["lon"], building["lat"]]]))[0]))
        shapes.append(shape)
    tree = shapely.STRtree(shapes)
    touching = tree.query(shapes, predicate="intersects")
    assert touching.shape[1] == len(shapes)  # each only itself


def test_house_codes_are_unique_and_name_building_entrance_and_door(town: Path) -> None:
    buildings = {building["id"]: building for building in read(town, "gis/buildings")}
    dwellings = read(town, "population/dwellings")
    assert len({dwelling["house_code"] for dwelling in dwellings}) == len(dwellings)
    assert len({dwelling["address"] for dwelling in dwellings}) == len(dwellings)
    for dwelling in dwellings:
        building = buildings[dwelling["building_id"]]
        assert dwelling["area_code"] == building["area_code"]
        expected = f"{building['community_code']}{building['building_no']}{dwelling['entrance']:02d}"
        assert dwelling["house_code"] == expected + f"{int(dwelling['room_no']):04d}"
        assert dwelling["floor"] <= building["floors"]
        assert dwelling["entrance"] <= building["entrances"]


def test_about_eight_of_a_hundred_dwellings_are_vacant_and_the_others_have_one_household(town: Path) -> None:
    uses = Counter(dwelling["use"] for dwelling in read(town, "population/dwellings"))
    households = read(town, "population/households")
    assert 0.07 < uses["03"] / uses.total() < 0.11
    assert uses["01"] + uses["02"] == len({household["dwelling_id"] for household in households}) == len(households)


def test_identity_numbers_are_right_unique_and_nobodys(persons: Rows) -> None:
    numbers = [person["id_number"] for person in persons]
    assert len(set(numbers)) == len(numbers)
    for person, number in zip(persons, numbers, strict=True):
        assert number.startswith("150299" + person["birth_date"].replace("-", ""))
        assert int(number[16]) % 2 == (person["sex"] == "1")
        assert number == with_check_digit(number[:17])


def test_the_check_digit_is_that_of_gb_11643() -> None:
    assert with_check_digit("15029919300513109") == "150299193005131093"


def test_telephones_cannot_be_dialled_and_are_not_asked_of_children(persons: Rows) -> None:
    phones = [person["phone"] for person in persons if person["phone"]]
    assert len(set(phones)) == len(phones)
    assert all(phone.startswith("12") and len(phone) == 11 and phone.isdigit() for phone in phones)
    assert not [person for person in persons if person["phone"] and age_on(DAY, person["birth_date"]) < 14]


def test_ages_and_sexes_follow_the_modelled_table(persons: Rows) -> None:
    bands = Counter(min(age_on(DAY, person["birth_date"]) // 5, 19) for person in persons)
    for band, share in enumerate(AGE_SHARES):
        assert abs(100 * bands[band] / len(persons) - share) < 0.6
    men = sum(person["sex"] == "1" for person in persons)
    assert 0.49 < men / len(persons) < 0.52


def test_every_household_has_one_head_and_kin_whose_sex_fits(town: Path, families: list[Rows]) -> None:
    heads = {household["head_person_id"] for household in read(town, "population/households")}
    men = {"11", "21", "22", "23", "28", "41", "43", "51", "53", "55"}
    for family in families:
        assert [person["id"] in heads for person in family] == [True] + [False] * (len(family) - 1)
        assert [person["relation_to_head"] == "02" for person in family] == [True] + [False] * (len(family) - 1)
        for person in family[1:]:
            assert (person["relation_to_head"] in men) == (person["sex"] == "1")
        assert sum(person["relation_to_head"] in ("11", "12") for person in family) <= 1


def test_couples_are_close_in_age_and_mothers_older_than_their_children(families: list[Rows]) -> None:
    for family in families:
        ages = {person["relation_to_head"]: age_on(DAY, person["birth_date"]) for person in family}
        head = family[0]
        spouse = ages.get("12", ages.get("11"))
        if spouse is not None:
            assert abs(spouse - ages["02"]) <= 6
        mother = ages["02"] if head["sex"] == "2" else spouse if spouse is not None else ages["02"]
        for kin in ("21", "22", "23", "31", "32", "33"):
            if kin in ages:
                assert 22 <= mother - ages[kin] <= 36
        for kin, child in (("52", ages["02"]), ("54", spouse), ("56", spouse)):
            if kin in ages and child is not None:
                assert 22 <= ages[kin] - child <= 36


def test_nobody_moved_in_before_birth_or_after_the_day(persons: Rows) -> None:
    assert all(person["birth_date"] <= person["moved_in_on"] < DAY.isoformat() for person in persons)


def test_two_to_four_of_a_hundred_households_are_on_the_care_list_for_a_need(town: Path, persons: Rows) -> None:
    care = read(town, "population/care")
    by_id = {person["id"]: person for person in persons}
    households = read(town, "population/households")
    assert 0.02 <= len(care) / len(households) <= 0.04
    for entry in care:
        assert entry["basis"]
        assert entry["starts_on"] < DAY.isoformat()
        assert entry["starts_on"] < entry["expires_on"]
        assert by_id[entry["person_id"]]["household_id"] == entry["household_id"]
    alone = [by_id[entry["person_id"]] for entry in care if entry["reason"] == "elderly_living_alone"]
    assert alone
    assert all(age_on(DAY, person["birth_date"]) >= 70 for person in alone)
    assert sum(entry["expires_on"] > DAY.isoformat() for entry in care) > 0.9 * len(care)


def test_villages_and_the_park_can_be_generated_too(tmp_path: Path) -> None:
    counts = generate(Plan(3, date(2024, 2, 29), ("150204100200", "150204401498")), tmp_path)
    floors = {row["floors"] for row in read(tmp_path, "gis/buildings") if row["community_code"] == "150204100200"}
    assert counts["population/households"] > 600
    assert max(floors) <= 3


def test_a_community_without_grids_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="150204006999"):
        generate(Plan(1, DAY, ("150204006999",)), tmp_path)
