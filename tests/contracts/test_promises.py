"""国办函〔2026〕12号: nothing tracks, checks in, ranks or counts hours; a photo and a place are never demanded."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.contracts import house

ROOT = Path(__file__).parents[2]
# As words of a name: `traceId`, `pointer` and `scopes` are none of them.
FORBIDDEN = {
    *("track", "tracks", "trajectory", "checkin", "checkins", "attendance", "leaderboard", "ranking", "rankings"),
    *("rank", "score", "scores", "points", "badge", "badges", "streak", "punch", "clockin", "heartbeat"),
}
# Whether an area keeps its pace, and how well an address fits a text: nothing about a person.
HARMLESS = {("AreaProgress", "onTrack"), ("CandidateOut", "score")}
PAIRS = {
    ("check", "in"),
    ("check", "ins"),
    ("clock", "in"),
    ("online", "time"),
    ("online", "hours"),
    ("sign", "in", "days"),
}
# Points on a map are no points to be won.
ON_A_MAP = {"gis": {"points"}}
SAID = re.compile("打卡|签到|积分|排名|排行榜|考核|在线时长|轨迹|活跃度|完成率排")
IN_PLACE = re.compile(r"^(attachments?|photos?|point|position|location|lon|lat|accuracyM|capturedAt)$")
# The two numbers of a point that was given; the point itself is what may be left out.
WHOLE_POINTS = re.compile(r":(PointIn|PointOut|Point|Position|PointToLocate|PointLocatedOut)$")


def words_of(name: str) -> list[str]:
    # What people send is named `…In`: a `VisitIn` is no check-in.
    name = name.removesuffix("In")
    return re.findall(r"[a-z]+", re.sub(r"([A-Z])", r"_\1", name).lower())


def names(service: str) -> Iterator[tuple[str, str]]:
    """Every name a document uses: addresses, operations, parameters, schemas and their members."""
    document = house.openapi(service)
    for path, item in document["paths"].items():
        yield path, path
        for body in item.values():
            yield body["operationId"], body["operationId"]
            for parameter in body.get("parameters", []):
                yield parameter["name"], body["operationId"]
    for schema, body in document["components"]["schemas"].items():
        yield schema, schema
        for member in body.get("properties", {}):
            yield member, schema
        for value in body.get("enum", []):
            yield str(value), schema


@pytest.mark.parametrize(
    "name", ["getCheckIns", "check-in", "daily-check-in", "rankingOfWorkers", "onlineTime", "track_points"]
)
def test_what_is_looked_for_would_be_found(name: str) -> None:
    words = words_of(name)
    assert FORBIDDEN & set(words) or any(" ".join(pair) in " ".join(words) for pair in PAIRS)


@pytest.mark.parametrize("service", house.PACKAGES)
def test_nothing_that_can_be_asked_for_tracks_checks_in_ranks_or_counts_hours(service: str) -> None:
    for name, where in names(service):
        if (where, name) in HARMLESS:
            continue
        words = words_of(name)
        found = FORBIDDEN & set(words) - ON_A_MAP.get(service, set())
        found |= {" ".join(pair) for pair in PAIRS if " ".join(pair) in " ".join(words)}
        assert not found, (service, where, name)


def sent(service: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The schemas of what people send."""
    document = house.openapi(service)
    schemas = document["components"]["schemas"]
    waiting = [
        body["requestBody"]["content"].get("application/json", {}).get("schema", {})
        for item in document["paths"].values()
        for body in item.values()
        if "requestBody" in body
    ]
    seen: set[str] = set()
    while waiting:
        for name in set(re.findall(r"#/components/schemas/([\w-]+)", json.dumps(waiting.pop()))) - seen:
            seen.add(name)
            waiting.append(schemas[name])
            yield name, schemas[name]


@pytest.mark.parametrize("service", [name for name in house.PACKAGES if name != "gis"])
def test_a_photo_or_a_place_is_never_demanded(service: str) -> None:
    asked = 0
    for name, schema in sent(service):
        wanted = [member for member in schema.get("properties", {}) if IN_PLACE.match(member)]
        asked += len(wanted)
        if WHOLE_POINTS.search(f"{service}:{name}"):
            continue
        assert not set(wanted) & set(schema.get("required", [])), (service, name)
    assert asked or service not in ("approval", "dispute")


def test_no_word_for_people_promises_what_the_law_forbids() -> None:
    said = [*ROOT.glob("web/packages/i18n/src/*.json"), *ROOT.glob("*/src/*/labels/*.json")]
    said += [*ROOT.glob("web/site/src/**/*.html"), *ROOT.glob("web/site/src/**/*.json")]
    assert len(said) > 10
    for path in said:
        lines = path.read_text("utf-8").splitlines()
        # One sentence names them: the one that refuses a form which would collect them.
        shown = "\n".join(line for line in lines if '"forbidden-element"' not in line)
        assert not SAID.search(shown), path
