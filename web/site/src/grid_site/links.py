"""From the query behind a number to the page that shows its rows."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode

LISTS: Final[Mapping[str, str]] = {
    "/households": "households",
    "/dwellings": "dwellings",
    "/cases": "cases",
    "/applications": "applications",
}
"""Which path of a service is which list of `/district/lists`."""
_BASE: Final = re.compile(r"^/api/[a-z]+/v1")


def rows_link(query: str, **instead: str) -> str:
    """`/households?area=…` as the address of our list; some conditions may be replaced."""
    path, _, conditions = _BASE.sub("", query).partition("?")
    given = dict(parse_qsl(conditions)) | instead
    return "/district/lists?" + urlencode({"of": LISTS[path]} | given)


def area_link(code: str) -> str:
    """The page of an area."""
    return f"/district?area={code}"
