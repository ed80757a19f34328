"""What the page of the service claims."""

import re
from pathlib import Path

from approval_svc import rules
from approval_svc.app import SERVICE
from approval_svc.queries.applications import Queue
from grid_kernel.contracts import asyncapi

PAGE = (Path(__file__).parents[2] / "docs" / "approval.md").read_text("utf-8")


def test_the_drawing_is_the_table_of_transitions() -> None:
    drawn = set(re.findall(r"^ +(\w+) --> (\w+)$", PAGE, re.MULTILINE))
    tables = (rules.TRANSITIONS, rules.AT_ONCE)
    moves = {(start.value, end.value) for table in tables for start, ends in table.items() for end in ends.values()}
    assert drawn == moves


def test_every_route_and_every_queue_is_on_the_page() -> None:
    for router in SERVICE.routers:
        for route in router.routes:
            path: str = route.path  # type: ignore[attr-defined]
            short = re.sub(r"\{\w+_id\}", "{id}", path)
            assert short in PAGE or f"`/{short.rsplit('/', 1)[1]}`" in PAGE, path
    assert all(queue in PAGE for queue in Queue)


def test_every_limit_of_ours_is_on_the_page() -> None:
    for limit in (rules.PRE_REVIEW_LIMIT, rules.CORRECTION_LIMIT, rules.NOTICE_LIMIT, rules.DELIVERY_LIMIT):
        assert f"{limit.amount} {limit.unit.replace('_', ' ')}s" in PAGE


def test_every_event_that_is_said_or_heard_is_on_the_page() -> None:
    said = [event for event in asyncapi.said_events().values() if event.publisher() == SERVICE.name]
    for event in (*said, *SERVICE.handlers):
        aggregate, verb = event.subject.split(".")[2:4]
        assert f"{aggregate}.{verb}" in PAGE or f"`.{verb}`" in PAGE or aggregate == "audit", event.subject
