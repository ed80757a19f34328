"""The page of population: short, with every state of the register in its diagrams, and links that lead somewhere."""

import re
from enum import StrEnum
from pathlib import Path

import pytest

from population_svc.rules import CampaignState, CareState, ImportState, PersonStatus, Presence, TransferState

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [DOCS / "population.md", *sorted((DOCS / "population").glob("*.md"))]
LINES = 125


@pytest.mark.parametrize(
    ("name", "states"),
    [
        ("person", PersonStatus),
        ("household", Presence),
        ("care_entry", CareState),
        ("transfer", TransferState),
        ("import", ImportState),
        ("campaign", CampaignState),
    ],
)
def test_every_state_is_drawn(name: str, states: type[StrEnum]) -> None:
    page = PAGES[0].read_text("utf-8")
    body = re.search(rf"state {name} \{{\n(.*?)\n    \}}", page, re.DOTALL)
    assert body
    ends = re.findall(r"^ +(\S+) --> ([\w\[\]*]+)", body[1], re.MULTILINE)
    assert {state for pair in ends for state in pair} - {"[*]"} == {state.value for state in states}


def test_the_page_is_one_page() -> None:
    assert len(PAGES[0].read_text("utf-8").splitlines()) <= LINES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)", page.read_text("utf-8"))
    assert links
    assert not [link for link in links if not (page.parent / link).exists()]
