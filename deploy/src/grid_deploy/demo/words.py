"""The Chinese words of the demonstration, from data/words.json: names, addresses, sentences; made up but the names."""

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def _words() -> dict[str, Any]:
    words: dict[str, Any] = json.loads((files("grid_deploy.demo") / "data" / "words.json").read_text("utf-8"))
    return words


def word(name: str) -> str:
    """One word or pattern."""
    return str(_words()[name])


def several(name: str) -> list[str]:
    """A list of words."""
    return [str(entry) for entry in _words()[name]]


def named(name: str) -> dict[str, str]:
    """Words by key."""
    return {key: str(value) for key, value in _words()[name].items()}


def choices(name: str) -> dict[str, list[str]]:
    """Several words for each key."""
    return {key: [str(entry) for entry in entries] for key, entries in _words()[name].items()}


def rows(name: str) -> list[list[str]]:
    """Rows of words."""
    return [[str(entry) for entry in row] for row in _words()[name]]


def rows_by_key(name: str) -> dict[str, list[list[str]]]:
    """Rows of words for each key."""
    return {key: [[str(entry) for entry in row] for row in entries] for key, entries in _words()[name].items()}
