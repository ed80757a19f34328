"""Words for people, by language; code knows keys only."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import orjson

Language = Literal["zh_CN", "en"]
LANGUAGES: tuple[Language, ...] = ("zh_CN", "en")


class Labels:
    """The catalogue of one service on top of the kernel's own."""

    def __init__(self, catalogues: Mapping[Language, Mapping[str, Any]]) -> None:
        self._catalogues = catalogues

    @classmethod
    def load(cls, *packages: str) -> "Labels":
        """Read `labels/<language>.json` of the packages; a later one adds to an earlier one."""
        merged: dict[Language, dict[str, Any]] = {}
        for language in LANGUAGES:
            merged[language] = {}
            for package in packages:
                _merge(merged[language], _read(package, language))
        return cls(merged)

    def catalogue(self, language: Language) -> Mapping[str, Any]:
        """Everything there is to say in one language."""
        return self._catalogues[language]

    def text(self, language: Language, *path: str, **params: object) -> str:
        """The words under a path, with parameters filled in; the last key itself when nobody wrote words."""
        node: Any = self._catalogues[language]
        for key in path:
            node = node.get(key) if isinstance(node, Mapping) else None
        return node.format_map(_Lenient(params)) if isinstance(node, str) else path[-1]

    def enum(self, language: Language, name: str, value: str) -> str:
        """The label of one value of an enum or code table."""
        return self.text(language, "enums", name, value)


class _Lenient(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


def preferred_language(accept_language: str) -> Language:
    """Chinese unless the caller prefers English (RFC 9110 12.5.4, first of the two named wins by weight)."""
    best: tuple[float, Language] = (0.0, "zh_CN")
    for part in accept_language.split(","):
        tag, _, weight = part.strip().partition(";q=")
        language: Language | None = {"zh": "zh_CN", "en": "en"}.get(tag[:2].lower())  # type: ignore[assignment]
        quality = _quality(weight)
        if language and quality > best[0]:
            best = (quality, language)
    return best[1]


def _quality(weight: str) -> float:
    try:
        return float(weight) if weight else 1.0
    except ValueError:
        return 0.0


@cache
def _read(package: str, language: Language) -> Mapping[str, Any]:
    source = files(package) / "labels" / f"{language}.json"
    return orjson.loads(source.read_bytes()) if source.is_file() else {}


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, Mapping):
            _merge(into.setdefault(key, {}), value)
        else:
            into[key] = value
