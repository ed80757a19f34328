"""A person's own record as the page shows it: plain words, nobody's name but the own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from grid_site.vocabulary import Enums
from grid_site.words import Words

MOST_READS, MOST_VISITS = 40, 12
Codes = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of a list: what, when, and what may be said besides."""

    text: str
    when: str
    more: tuple[str, ...] = ()
    care_entry: str | None = None


@dataclass(frozen=True, slots=True)
class Own:
    """What the page shows."""

    name: str
    facts: tuple[tuple[str, str], ...]
    care: tuple[Line, ...]
    visits: tuple[Line, ...]
    reads: tuple[Line, ...]
    reads_left_out: int
    requests: tuple[Line, ...]
    restricted: str | None
    closes_at: datetime

    @classmethod
    def read(cls, data: Mapping[str, Any], words: Words, enums: Enums, codes: Codes) -> "Own":
        """Out of the answer of population-svc."""
        told = _Told(words, enums, codes)
        return cls(
            name=data["name"],
            facts=told.facts(data),
            care=tuple(told.care(each) for each in data["care"]),
            visits=tuple(told.visit(each) for each in data["visits"][:MOST_VISITS]),
            reads=tuple(told.looked(each) for each in data["reads"][:MOST_READS]),
            reads_left_out=max(0, len(data["reads"]) - MOST_READS),
            requests=tuple(told.request(each) for each in data["requests"]),
            restricted=told.day(data["restrictedOn"]) if data["restrictedOn"] else None,
            closes_at=datetime.fromisoformat(data["closesAt"]),
        )


class _Told:
    def __init__(self, words: Words, enums: Enums, codes: Codes) -> None:
        self._words, self._enums, self._codes = words, enums, codes

    def day(self, text: str) -> str:
        """A day with its year: what is kept may be years old."""
        return date.fromisoformat(text[:10]).isoformat() if len(text) == 10 else _day_of(text)  # noqa: PLR2004

    def facts(self, data: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
        """What is recorded of the person, in the order of a form."""
        words = self._words
        known = (
            ("birthDate", data["birthDate"]),
            ("sex", self._code("sexes", data["sex"])),
            ("idNumber", data["idNumber"]),
            ("phone", data["phone"]),
            ("address", data["address"]),
            ("relation", self._code("family_relations", data["relationToHead"])),
            ("populationType", self._code("population_types", data["populationType"])),
            ("registeredHere", words("own.yes" if data["registeredHere"] else "own.no")),
        )
        return tuple((words(f"own.{name}"), value or words("own.nothing")) for name, value in known)

    def care(self, entry: Mapping[str, Any]) -> Line:
        """An entry of the care list; one that rests on consent may be withdrawn here."""
        state = self._enum("care_state", entry["state"])
        more = (f"{self._enum('basis_kind', entry['basisKind'])}：{entry['basis']}", state)
        free = entry["endedOn"] is None and entry["basisKind"] != "statutory"
        until = self._words("own.until", day=entry["endedOn"] or entry["expiresOn"])
        return Line(self._code("care_reasons", entry["reason"]) or "", until, more, entry["id"] if free else None)

    def visit(self, visit: Mapping[str, Any]) -> Line:
        """A visit of the household."""
        more = (visit["note"],) if visit["note"] else ()
        return Line(self._enum("visit_outcome", visit["outcome"]), visit["visitedOn"], more)

    def looked(self, read: Mapping[str, Any]) -> Line:
        """Who looked: post and unit, purpose, fields; never a name."""
        words = self._words
        post = words.enum("post", read["post"]) if read["post"] else words("own.system")
        who = f"{read['unitName']} {post}" if read["unitName"] else post
        purpose = read["purpose"]
        why = self._enum("read_purpose", purpose) if purpose else words("own.routine", n=read["times"])
        fields = words("own.fields", fields="、".join(self._enum("read_field", each) for each in read["fields"]))
        first, last = read["firstOn"], read["lastOn"]
        return Line(who, last if first == last else f"{first} – {last}", (why, fields) if read["fields"] else (why,))

    def request(self, request: Mapping[str, Any]) -> Line:
        """A request and how it stands."""
        words = self._words
        open_ = request["state"] == "open"
        stands = words("own.answered-by", day=_day_of(request["dueAt"])) if open_ else request["answer"]
        more = tuple(each for each in (request["words"], stands) if each)
        state = self._enum("request_state", request["state"])
        return Line(f"{self._enum('request_kind', request['kind'])}：{state}", _day_of(request["askedAt"]), more)

    def _enum(self, name: str, value: str) -> str:
        return self._enums.get(name, {}).get(value, value)

    def _code(self, table: str, code: str | None) -> str | None:
        return None if code is None else self._codes.get(table, {}).get(code, code)


def _day_of(moment: str) -> str:
    return datetime.fromisoformat(moment).date().isoformat()


def kinds(enums: Enums) -> Sequence[tuple[str, str]]:
    """What may be asked for, in words."""
    return tuple(enums.get("request_kind", {}).items())
