"""What the page of the service claims."""

import re
from pathlib import Path

from dispute_svc import queries, rules
from dispute_svc.app import SERVICE, create_app
from grid_kernel.settings import ServiceSettings

PAGE = (Path(__file__).parents[2] / "docs" / "dispute.md").read_text("utf-8")


def test_the_drawing_is_the_table_of_transitions() -> None:
    drawn = set(re.findall(r"^ +(\w+) --> (\w+)$", PAGE, re.MULTILINE))
    assert drawn == {(start.value, end.value) for start, ends in rules.TRANSITIONS.items() for end in ends}


def test_every_route_and_every_queue_is_on_the_page(settings: ServiceSettings) -> None:
    for router in SERVICE.routers:
        for route in router.routes:
            path: str = route.path  # type: ignore[attr-defined]
            short = re.sub(r"\{\w+_id\}", "{id}", path)
            assert short in PAGE or f"`/{short.rsplit('/', 1)[1]}`" in PAGE, path
    assert all(queue in PAGE for queue in queries.QUEUES)
    assert create_app(settings).title == "社会矛盾联动化解系统"


def test_every_event_that_is_heard_is_on_the_page() -> None:
    for event in SERVICE.handlers:
        assert ".".join(event.subject.split(".")[2:4]) in PAGE
