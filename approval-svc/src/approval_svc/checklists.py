"""Which papers somebody has to bring: the conditions the source prints become questions, the answers a list. Pure.

A paper whose source prints no condition is asked of everybody. Nothing is added to what is printed: where the source's
own list is incomplete, the checklist says so.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Answer(StrEnum):
    """What an applicant says to a condition."""

    YES = "yes"
    NO = "no"


class Need(StrEnum):
    """Whether a paper has to be brought, and why."""

    ALWAYS = "always"
    APPLIES = "applies"
    DOES_NOT_APPLY = "does_not_apply"
    ASK = "ask"
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True)
class Situation:
    """A condition of one or more papers, in the words of the source."""

    code: str
    condition: str


def situations(materials: Sequence[Mapping[str, Any]]) -> list[Situation]:
    """The conditions of an item in the order of its papers; a code holds as long as the version does."""
    found: dict[str, Situation] = {}
    for material in materials:
        if condition := material["condition"]:
            found.setdefault(condition, Situation(f"s{material['seq']}", condition))
    return list(found.values())


def situation_of(material: Mapping[str, Any], known: Sequence[Situation]) -> Situation | None:
    """The condition a paper depends on."""
    return next((each for each in known if each.condition == material["condition"]), None)


def needs(
    materials: Sequence[Mapping[str, Any]], answers: Mapping[str, Answer]
) -> Iterator[tuple[Mapping[str, Any], Need, Situation | None]]:
    """Each paper with whether it is needed after these answers."""
    known = situations(materials)
    for material in materials:
        situation = situation_of(material, known)
        if situation is None:
            yield material, Need.ALWAYS if material["required"] else Need.OPTIONAL, None
            continue
        answer = answers.get(situation.code)
        need = {None: Need.ASK, Answer.YES: Need.APPLIES, Answer.NO: Need.DOES_NOT_APPLY}[answer]
        yield material, need, situation
