"""The design language, measured: contrast of every pair of colours in use, weight of pages, words in two languages."""

import gzip
import json
import re
from pathlib import Path

import httpx
import pytest
from tests.web.stub import CODE, NUMBER

SITE = Path(__file__).parents[2] / "web/site/src/grid_site"
TOKENS = dict(re.findall(r"--([\w-]+):\s*(#[0-9A-Fa-f]{6});", (SITE / "static/tokens.css").read_text("utf-8")))
HEAVIEST_BYTES = 25 * 1024
TEXT, SIGN = 4.5, 3.0

PAIRS = [
    *((ink, ground, TEXT) for ink in ("ink-1", "ink-2", "ink-3") for ground in ("paper", "bg", "pri-0")),
    ("ink-1", "amber-0", TEXT),
    ("ink-1", "red-0", TEXT),
    ("ink-1", "green-0", TEXT),
    ("ink-3", "amber-0", TEXT),
    ("pri-6", "paper", TEXT),
    ("pri-6", "bg", TEXT),
    ("pri-6", "pri-0", TEXT),
    ("pri-6", "amber-0", TEXT),
    ("on-pri", "pri-7", TEXT),
    ("on-pri", "pri-6", TEXT),
    ("on-pri-2", "pri-7", TEXT),
    ("red", "paper", TEXT),
    ("red", "pri-0", TEXT),
    ("amber", "paper", TEXT),
    ("amber", "pri-0", TEXT),
    ("green", "paper", TEXT),
    *((("ink-1", f"map-{level}", TEXT)) for level in range(4)),
    *((("on-pri", f"map-{level}", TEXT)) for level in (4, 5)),
    ("field", "paper", SIGN),
    ("pri-5", "paper", SIGN),
    ("pri-6", "pri-1", SIGN),
    ("focus", "pri-7", SIGN),
    ("ink-1", "focus", SIGN),
    ("ink-1", "paper", SIGN),
]


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(TOKENS[one]), luminance(TOKENS[other])), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS)
def test_what_is_written_can_be_read(ink: str, ground: str, least: float) -> None:
    assert contrast(ink, ground) >= least


def test_the_map_goes_from_light_to_dark_in_one_hue() -> None:
    shades = [luminance(TOKENS[f"map-{level}"]) for level in range(6)]
    assert shades == sorted(shades, reverse=True)
    for level in range(6):
        red, green, blue = (int(TOKENS[f"map-{level}"][place : place + 2], 16) for place in (1, 3, 5))
        assert red < green < blue


def test_colours_live_in_the_tokens_only() -> None:
    for sheet in ("site.css", "office.css"):
        assert not re.findall(r"#[0-9A-Fa-f]{3,8}\b(?!\))", (SITE / "static" / sheet).read_text("utf-8")), sheet


def test_nothing_is_styled_inside_a_page() -> None:
    for template in (SITE / "templates").glob("*.html"):
        assert not re.search(r"<style|\sstyle=|<script|\son\w+=", template.read_text("utf-8")), template.name


@pytest.mark.parametrize("path", ["/", "/progress", "/sign-in", "/nowhere"])
async def test_a_residents_page_is_light_with_everything_it_loads(resident: httpx.AsyncClient, path: str) -> None:
    text = (await resident.get(path)).text
    assert await weight(resident, text) <= HEAVIEST_BYTES


async def test_the_answer_is_light_too(resident: httpx.AsyncClient) -> None:
    text = (await resident.post("/progress", data={"number": NUMBER, "code": CODE})).text
    assert await weight(resident, text) <= HEAVIEST_BYTES


async def weight(browser: httpx.AsyncClient, text: str) -> int:
    """The bytes of a page and all it loads, not compressed."""
    loaded = re.findall(r'(?:href|src)="(/static/[^"]+)"', text)
    assert loaded
    return len(text.encode()) + sum([len((await browser.get(address)).content) for address in loaded])


async def test_the_map_of_the_whole_district_travels_compressed(leader: httpx.AsyncClient) -> None:
    answer = await leader.get("/district")
    assert answer.headers["content-encoding"] == "gzip"
    assert len(gzip.compress(answer.content, 6)) <= 40 * 1024


def test_templates_say_nothing_that_is_not_in_the_labels() -> None:
    for source in [*SITE.rglob("*.html"), *SITE.rglob("*.py")]:
        text = re.sub(r'"""[\s\S]*?"""', "", source.read_text("utf-8"))
        assert not re.search(r"[\u4e00-\u9fff]", text), source.name


def test_every_word_a_template_asks_for_is_there() -> None:
    texts = json.loads((SITE / "labels/zh_CN.json").read_text("utf-8"))["texts"]
    for source in [*SITE.rglob("*.html"), *SITE.rglob("*.py")]:
        for key in re.findall(r"""(?:\bt|words|self)\("([a-z-]+\.[a-z0-9.-]+)"[,)]""", source.read_text("utf-8")):
            node = texts
            for step in key.split("."):
                node = node[step]
            assert isinstance(node, str), key
