"""A household is entered, read, listed, changed and moved."""

from tests.population.conftest import Api, Place, person


async def test_a_household_is_entered_with_its_persons_in_a_dwelling_nobody_knew(api: Api, place: Place) -> None:
    answer = await api.post(
        place.worker, "/households", place.household(person(), person("李梅", relation="12", sex="9"))
    )
    assert answer.status_code == 201, answer.text
    household = answer.json()
    assert answer.headers["etag"] == '"1"'
    assert household["areaCode"] == place.grid
    assert household["dwelling"]["houseCode"] == f"{place.community}0016010101"
    assert [each["name"] for each in household["persons"]] == ["王小明", "李梅"]
    assert household["headPersonId"] == household["persons"][0]["id"]
    read = await api.get(place.worker, f"/households/{household['id']}")
    assert read.json() == household
