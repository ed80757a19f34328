"""Finding an item by what people call it: its name, an everyday word, the initials of its pinyin."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class ItemWords:
    """Other words for an item."""

    initials: str
    synonyms: tuple[str, ...]

    def fits(self, query: str) -> bool:
        """Whether somebody means this item. Initials are typed in Latin letters, a part of them is enough."""
        typed = "".join(query.lower().split())
        if typed.isascii():
            return typed in self.initials or any(typed in word for word in self.synonyms)
        return any(typed in word or word in typed for word in self.synonyms)


@cache
def words() -> Mapping[str, ItemWords]:
    """The words of every packaged item, by its code."""
    text = (files("approval_svc") / "data" / "service_item_words.csv").read_text("utf-8-sig")
    rows = csv.DictReader(text.splitlines())
    return {row["item_code"]: ItemWords(row["initials"], tuple(row["synonyms"].split(";"))) for row in rows}


def codes_of(query: str) -> list[str]:
    """The items somebody may mean by a word that is not in their names."""
    return sorted(code for code, known in words().items() if known.fits(query))
