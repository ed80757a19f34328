"""The words of the pages, and how numbers, days and spans of time are written in each language."""

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Literal
from zoneinfo import ZoneInfo

Language = Literal["zh_CN", "en"]
LANGUAGES: tuple[Language, ...] = ("zh_CN", "en")
SHANGHAI = ZoneInfo("Asia/Shanghai")
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


class Words:
    """One language."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self.tag = language.replace("_", "-")
        self._catalogue = _read(language)

    def __call__(self, key: str, **params: object) -> str:
        """The words under a dotted key of `texts`, with their parameters filled in."""
        return self._at("texts", *key.split(".")).format_map(_Written(params))

    def enum(self, name: str, value: object) -> str:
        """The label of one value; the value itself when nobody wrote words."""
        node = self._catalogue["enums"].get(name, {})
        return str(node.get(str(value), value))

    def _at(self, *path: str) -> str:
        node: Any = self._catalogue
        for key in path:
            node = node[key]
        assert isinstance(node, str)  # noqa: S101 - templates name leaves
        return node

    def day(self, moment: date | datetime) -> str:
        """A day in a sentence: 11月23日 周一."""
        day = on_day(moment)
        weekday = self._at("texts", "dates", "weekdays").split(" ")[day.weekday()]
        month = self._at("texts", "dates", "months").split(" ")[day.month - 1]
        return self("dates.day", month=month, day=str(day.day), weekday=weekday)

    def ago(self, seconds: float) -> str:
        """How long ago something was, in the largest fitting unit."""
        for unit, length in (("days", _DAY), ("hours", _HOUR), ("minutes", _MINUTE)):
            if seconds >= length:
                return self(f"dates.{unit}-ago", n=int(seconds // length))
        return self("dates.just-now")

    def late_by(self, due: datetime, now: datetime) -> str:
        """How far a moment has passed."""
        gone = now - due
        if gone < timedelta(days=1):
            return self("dates.late-hours", n=max(1, int(gone.total_seconds() // _HOUR)))
        return self("dates.late-days", n=gone.days)


class _Written(dict[str, object]):
    """Numbers in sentences carry thousands separators."""

    def __getitem__(self, key: str) -> object:
        value = super().__getitem__(key)
        return number(value) if isinstance(value, int) else value


def number(value: float) -> str:
    """1,234 — and 61.5 with the one decimal it came with."""
    return f"{value:,}"


def on_day(moment: date | datetime) -> date:
    """The day in Shanghai."""
    return moment.astimezone(SHANGHAI).date() if isinstance(moment, datetime) else moment


def clock_time(moment: datetime) -> str:
    """The hour and minute in Shanghai."""
    return moment.astimezone(SHANGHAI).strftime("%H:%M")


def moment_of(text: str | None) -> datetime | None:
    """A moment as it crossed HTTP."""
    return datetime.fromisoformat(text) if text else None


def preferred(accept_language: str) -> Language:
    """Chinese unless English is asked for with more weight (RFC 9110 12.5.4)."""
    best: tuple[float, Language] = (0.0, "zh_CN")
    for part in accept_language.split(","):
        tag, _, weight = part.strip().partition(";q=")
        language: Language | None = {"zh": "zh_CN", "en": "en"}.get(tag[:2].lower())  # type: ignore[assignment]
        if language and (quality := _quality(weight)) > best[0]:
            best = (quality, language)
    return best[1]


def _quality(weight: str) -> float:
    try:
        return float(weight) if weight else 1.0
    except ValueError:
        return 0.0


@cache
def words_in(language: Language) -> Words:
    """The words of one language."""
    return Words(language)


@cache
def _read(language: Language) -> Mapping[str, Any]:
    source = files("grid_site") / "labels" / f"{language}.json"
    return dict(json.loads(source.read_text("utf-8")))
